"""This very machine."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Literal

from blocks.files import locked, replace_file
from blocks.hosts.contract import SHORT_S, Host, Ran
from blocks.process import NOT_EXECUTABLE, NOT_FOUND
from domain.errors import CommandFailed
from domain.errors.machines import unusable

INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSH_AUTH_SOCK", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG",
             "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")  # fmt: skip
"""The only variables of Backout's own environment that a command gets: the others may be Backout's secrets."""

LOOK_S = 1.0
"""Seconds between two looks while a command runs."""


def nothing() -> None:
    """For who has nothing to look at meanwhile."""


class Local(Host):
    """Commands run as the user Backout runs as."""

    kind: Literal["local"] = "local"

    @property
    def named(self) -> str:
        """`this host`."""
        return "this host"

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        timeout_s: float = SHORT_S,
        env: Mapping[str, str] | None = None,
        meanwhile: Callable[[], None] = nothing,
    ) -> Ran:
        """As the contract says.

        Args:
            argv, cwd, timeout_s: see there.
            env: variables beside those that every command gets.
            meanwhile: called every `LOOK_S` while it runs; what it raises ends the command, and is raised here.
        """
        with tempfile.TemporaryFile() as output:
            code = _ended(list(argv), cwd, _environment(env or {}), output, timeout_s, meanwhile)
            output.seek(0)
            said = output.read().decode(errors="replace")
        if code is None:
            raise CommandFailed(argv=list(argv), exit_code_seen=None, output=said)
        return Ran(argv=list(argv), exit_code=code, output=said)

    def read(self, path: Path) -> bytes | None:
        """The file's content, or None."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unusable("file", str(path), error) from error

    def replace(self, path: Path, content: bytes) -> None:
        """One rename."""
        try:
            replace_file(path, content)
        except OSError as error:
            raise unusable("file", str(path), error) from error

    def link_target(self, path: Path) -> str | None:
        """What readlink(2) says, or None."""
        try:
            return str(path.readlink())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unusable("link", str(path), error) from error

    def link(self, path: Path, target: str) -> None:
        """A new link beside it, renamed over it."""
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            beside.unlink(missing_ok=True)
            beside.symlink_to(target)
            beside.rename(path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise unusable("link", str(path), error) from error

    @contextmanager
    def locked(self, path: Path, timeout_s: float) -> Iterator[None]:
        """The lock of `blocks.files`."""
        with ExitStack() as held:
            try:
                held.enter_context(locked(path, timeout_s))
            except OSError as error:
                raise unusable("lock", str(path), error) from error
            yield


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | dict(more)


def _ended(
    argv: list[str],
    cwd: Path | None,
    env: dict[str, str],
    output: IO[bytes],
    timeout_s: float,
    meanwhile: Callable[[], None],
) -> int | None:
    """The exit code; None where the time was over. The output is a file: a pipe that a grandchild holds keeps us waiting."""
    try:
        child = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )  # fmt: skip
    except OSError as error:
        seen = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        raise CommandFailed(argv=argv, exit_code_seen=seen, output=str(error)) from error
    try:
        return _waited(child, timeout_s, meanwhile)
    finally:
        if child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _waited(child: subprocess.Popen[bytes], timeout_s: float, meanwhile: Callable[[], None]) -> int | None:
    until = time.monotonic() + timeout_s
    while (left := until - time.monotonic()) > 0:
        try:
            return child.wait(min(left, LOOK_S))
        except subprocess.TimeoutExpired:
            meanwhile()
    return None
