"""The Docker engine at `DOCKER_HOST`, else at its usual socket. What it answers badly becomes an error of ours."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from domain.errors import CommandFailed, EngineUnavailable
from domain.errors.machines import unusable

USUAL = "unix:///var/run/docker.sock"
UNIX = "unix://"
WHAT = "Docker engine"
ANSWER_S = 30.0
FAILED = 1
"""What the `docker` program ends with where the engine says no."""


def address() -> str:
    """Where the engine is asked."""
    return os.environ.get("DOCKER_HOST") or USUAL


@contextmanager
def engine(timeout_s: float = ANSWER_S) -> Iterator[Any]:
    """A client of the engine, closed at the end.

    Args:
        timeout_s: seconds for each answer.

    Raises:
        EngineUnavailable: it does not answer, or answers with an error; what to look at is said.
        NotPermitted: this user may not use its socket.
    """
    from docker import from_env

    _knock()
    with _as_ours():
        client = from_env(timeout=timeout_s)
        try:
            yield client
        finally:
            client.close()


@contextmanager
def doing(argv: Sequence[str]) -> Iterator[None]:
    """Act on a container; `argv`: the command that does the same. Raises CommandFailed where the engine says no."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        said = str(error.explanation or error)
        raise CommandFailed(argv=list(argv), exit_code_seen=FAILED, output=said) from error


@contextmanager
def _as_ours() -> Iterator[None]:
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        why = f"it answered {error.status_code}: {error.explanation or error}"
        raise EngineUnavailable(what_it_is=WHAT, address=address(), why=why) from error
    except (DockerException, RequestException) as error:
        raise EngineUnavailable(what_it_is=WHAT, address=address(), why=_last_words(error)) from error


def _knock() -> None:
    """See that somebody listens: the client leaves a socket open where nobody does."""
    where = address()
    if not where.startswith(UNIX):
        return
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(where.removeprefix(UNIX))
    except PermissionError as error:
        raise unusable(WHAT, where, error) from error
    except OSError as error:
        why = error.strerror or str(error)
        raise EngineUnavailable(what_it_is=WHAT, address=where, why=why) from error


def _last_words(error: Exception) -> str:
    """The end of a long chain of errors, which is what the system said."""
    return str(error).rpartition(": ")[2].strip("()'\" ") or type(error).__name__
