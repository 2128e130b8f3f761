"""One program on a machine that is reached by ssh: started there, ended there, its output read."""

import shlex
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import paramiko

from blocks.hosts.contract import Ran
from blocks.process import NOT_EXECUTABLE, NOT_FOUND
from domain.errors import CommandFailed

TICK_S = 0.1
GRACE_S = 5.0
"""Seconds more than the program's own that an answer gets to come back."""

CHUNK = 64 * 1024
ENDED_BY_SIGNAL = -1
KILLED = 137
NO_FOLDER = 125
NOT_STARTED = (b"timeout: ", b"env: ")
"""How the programs that start ours begin when they say that they cannot."""


def ran(channel: paramiko.Channel, argv: Sequence[str], cwd: Path | None, timeout_s: float) -> Ran:
    """Run it in this new session, with nothing to read.

    An exit code of -1: a signal ended it, or the connection is lost.

    Raises:
        CommandFailed: it cannot be started, or did not end in time.
        SSHException, OSError, EOFError: as paramiko does.
    """
    started = time.monotonic()
    channel.set_combine_stderr(True)
    with closed_after(channel, GRACE_S):
        channel.exec_command(shlex.join(_limited(argv, cwd, timeout_s)))
    channel.shutdown_write()
    output, code = _until_end(channel, timeout_s + GRACE_S)
    said = output.decode(errors="replace")
    late = time.monotonic() - started >= timeout_s
    if code is None or (late and code in (KILLED, ENDED_BY_SIGNAL)):
        raise CommandFailed(argv=list(argv), exit_code_seen=None, output=said)
    if code in (NOT_FOUND, NOT_EXECUTABLE, NO_FOLDER) and output.startswith(NOT_STARTED):
        raise CommandFailed(argv=list(argv), exit_code_seen=code, output=said)
    return Ran(argv=list(argv), exit_code=code, output=said)


@contextmanager
def closed_after(channel: paramiko.Channel, seconds: float) -> Iterator[None]:
    """Close the channel where what is inside takes longer: paramiko waits for ever for a machine that hangs."""
    timer = threading.Timer(seconds, channel.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _limited(argv: Sequence[str], cwd: Path | None, timeout_s: float) -> list[str]:
    """The program behind `timeout`, which ends it there; and behind `env`, which goes into a folder without a shell."""
    folder = [] if cwd is None else ["env", f"--chdir={cwd}"]
    return ["timeout", "--signal=KILL", f"{timeout_s:g}", *folder, *argv]


def _until_end(channel: paramiko.Channel, within_s: float) -> tuple[bytes, int | None]:
    """What it printed, and its exit code; None where it did not end. A grandchild that keeps the output open is not awaited."""
    output, deadline = bytearray(), time.monotonic() + within_s
    channel.settimeout(TICK_S)
    while time.monotonic() < deadline:
        try:
            part = channel.recv(CHUNK)
        except TimeoutError:
            if channel.status_event.is_set():
                return bytes(output), channel.recv_exit_status()
            continue
        output += part
        if not part:
            channel.status_event.wait(max(0.0, deadline - time.monotonic()))
            return bytes(output), channel.recv_exit_status()
    return bytes(output), None
