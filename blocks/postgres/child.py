"""A program that is run to its end: what it says comes line by line, and nothing of it stays behind."""

import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from domain.errors import CommandFailed

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""What shells answer for a program that does not exist, or cannot be run."""

KEPT_LINES = 20
CHUNK = 64 * 1024
TICK_S = 0.25
GRACE_S = 5.0
"""What a program has to end its own workers and queries, once it was asked to."""


def nothing() -> None:
    """What is done at a tick where nothing is to do."""


def no_line(_line: str) -> None:
    """What is done with a line that nobody wants."""


@dataclass(frozen=True)
class Ends:
    """What a program reads, and where its words go.

    Attributes:
        stdin: a file or pipe with a descriptor; None: nothing to read.
        stdout: where its output goes; None: it comes as lines, together with what it says on stderr.
        on_line: called with each line, without its end.
        on_tick: called about four times a second.
        inherited: descriptors that the program keeps.
    """

    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    on_line: Callable[[str], None] = no_line
    on_tick: Callable[[], None] = nothing
    inherited: Sequence[int] = ()


def run(argv: Sequence[str], environment: Mapping[str, str], ends: Ends) -> None:
    """Run the program to its end, in the caller's thread.

    Its process group is ended with it: `pg_dump -j` leaves workers behind where its first process is killed.

    Raises:
        CommandFailed: it could not be run, or ended with another exit code than 0.
        Exception: what a callback raised; the program was ended first.
    """
    said: deque[str] = deque(maxlen=KEPT_LINES)
    with _words() as (read, write):
        child = _start(argv, environment, ends, write)
        try:
            for line in _lines(read, child.pid, ends.on_tick):
                said.append(line)
                ends.on_line(line)
        except BaseException:
            _signal_group(child.pid, signal.SIGTERM)
            _ended(child.pid, GRACE_S)
            _signal_group(child.pid, signal.SIGKILL)
            raise
        finally:
            code = _reaped(child)
    if code != 0:
        raise CommandFailed(argv=list(argv), exit_code_seen=code, output="\n".join(said))


@contextmanager
def _words() -> Iterator[tuple[int, IO[bytes]]]:
    """A pipe: the end we read, and the end that the program writes; it is closed here once the program has it."""
    read, write = os.pipe()
    try:
        with os.fdopen(write, "wb", buffering=0) as writing:
            yield read, writing
    finally:
        os.close(read)


def _start(
    argv: Sequence[str], environment: Mapping[str, str], ends: Ends, words: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            env=dict(environment),
            stdin=ends.stdin or subprocess.DEVNULL,
            stdout=ends.stdout or words,
            stderr=words,
            pass_fds=tuple(ends.inherited),
            start_new_session=True,
        )
    except OSError as error:
        seen = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        raise CommandFailed(argv=list(argv), exit_code_seen=seen, output=str(error)) from error
    finally:
        words.close()


def _lines(read: int, pid: int, on_tick: Callable[[], None]) -> Iterator[str]:
    rest = b""
    for chunk in _chunks(read, pid, on_tick):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)
    if rest:
        yield rest.decode(errors="replace")


def _chunks(read: int, pid: int, on_tick: Callable[[], None]) -> Iterator[bytes]:
    """What it says, until nobody is left who could say more."""
    tick = time.monotonic() + TICK_S
    with _pidfd(pid) as ended, selectors.DefaultSelector() as ready:
        ready.register(read, selectors.EVENT_READ)
        ready.register(ended, selectors.EVENT_READ)
        while True:
            found = [key.fd for key, _events in ready.select(TICK_S)]
            if read in found:
                chunk = os.read(read, CHUNK)
                if not chunk:
                    return
                yield chunk
            elif found:
                # What it left behind could hold the pipe open for as long as its query takes.
                _signal_group(pid, signal.SIGKILL)
                ready.unregister(ended)
            if time.monotonic() >= tick:
                on_tick()
                tick = time.monotonic() + TICK_S


@contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    """A descriptor that can be read as soon as the process has ended."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _ended(pid: int, seconds: float | None) -> None:
    """Wait for its end and leave it as a zombie: as long as it is one, its number is not given to another group."""
    with _pidfd(pid) as descriptor, selectors.DefaultSelector() as ready:
        ready.register(descriptor, selectors.EVENT_READ)
        ready.select(seconds)


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def _reaped(child: subprocess.Popen[bytes]) -> int:
    """Its exit code, when it is gone with all that it started."""
    _ended(child.pid, None)
    _signal_group(child.pid, signal.SIGKILL)
    return child.wait()
