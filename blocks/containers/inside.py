"""A program that is run inside a container that runs already, as `docker exec` does."""

from collections.abc import Sequence
from http import HTTPStatus

from blocks.containers.container import Container, named
from blocks.containers.engine import ANSWER_S, engine
from blocks.deadline import within
from blocks.process import NOT_EXECUTABLE, NOT_FOUND
from domain.errors import CommandFailed, Unreachable


def found(name: str, timeout_s: float = ANSWER_S) -> Container:
    """The container of this name. Raises Unreachable where there is none."""
    with engine(timeout_s) as client:
        container = named(client, name)
    if container is None:
        raise Unreachable(what_it_is="container", address=name, why="there is none of that name")
    return container


def run(name: str, argv: Sequence[str], timeout_s: float) -> bytes:
    """Run the program to its end; what it printed on its standard output.

    Args:
        name: the container's name or id.
        argv: the program and its arguments; no shell.
        timeout_s: seconds until it must have ended; after them it is left to itself.

    Raises:
        Unreachable: there is no such container, or it does not run.
        CommandFailed: the program is missing there, ended badly, or not in time.
    """
    from docker.errors import APIError

    shown = ["docker", "exec", name, *argv]
    with engine(timeout_s) as client:
        try:
            started = client.api.exec_create(name, list(argv))["Id"]
            output, errors = within(
                timeout_s, lambda: client.api.exec_start(started, demux=True), " ".join(shown)
            )
            code = client.api.exec_inspect(started)["ExitCode"]
        except TimeoutError:
            raise CommandFailed(argv=shown, exit_code_seen=None) from None
        except APIError as error:
            raise _refused(name, shown, error.status_code, str(error.explanation or error)) from error
    if code != 0:
        said = (errors or output or b"").decode(errors="replace")
        raise CommandFailed(argv=shown, exit_code_seen=code, output=said)
    return output or b""


def is_missing(error: CommandFailed) -> bool:
    """Whether the container has no such program."""
    return error.exit_code_seen in {NOT_FOUND, NOT_EXECUTABLE}


def _refused(name: str, shown: list[str], status: int | None, why: str) -> Unreachable | CommandFailed:
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
        return Unreachable(what_it_is="container", address=name, why=why)
    return CommandFailed(argv=shown, exit_code_seen=NOT_FOUND, output=why)
