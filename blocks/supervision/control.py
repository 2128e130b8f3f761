"""What can be asked of a supervisord, however it is reached."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

RUNNING, STARTING, BACKOFF, STOPPING, STOPPED = "RUNNING", "STARTING", "BACKOFF", "STOPPING", "STOPPED"
EXITED, FATAL, MISSING = "EXITED", "FATAL", "MISSING"
"""supervisord's words for a program's state; `MISSING` is ours: its configuration has no such program."""

MAIN_LOG_BYTES = 64 * 1024
BYTES_A_LINE = 200
"""Asked for so much a line: supervisord counts its logs in bytes."""


@dataclass(frozen=True)
class ProgramState:
    """One program, as supervisord sees it now.

    Attributes:
        name: as `supervisorctl` takes it, `GROUP:NAME` where the group has another name.
        since: when it was started; None where it is down, or supervisord was not asked by its socket.
        said: why it is down: `exit code 1`, `Exited too quickly`; empty where it runs or was stopped.
    """

    name: str
    state: str
    pid: int | None = None
    since: datetime | None = None
    said: str = ""

    @property
    def up(self) -> bool:
        """Whether its process is there."""
        return self.state in (RUNNING, STARTING)

    @property
    def coming(self) -> bool:
        """Whether supervisord still tries to bring it up."""
        return self.state in (STARTING, BACKOFF)

    @property
    def failed(self) -> bool:
        """Whether it went down, or stays down, and nobody wanted it."""
        return self.state in (BACKOFF, FATAL, EXITED, MISSING)

    def line(self) -> str:
        """`noteshub-green FATAL: Exited too quickly`, for a person."""
        process = f", process {self.pid}" if self.pid else ""
        why = f": {self.said}" if self.said else ""
        return f"{self.name} {self.state}{process}{why}"


class Control(Protocol):
    """One supervisord. Each call ends within a few seconds, and raises Unreachable where nothing answers."""

    @property
    def address(self) -> str:
        """Where it is asked, for errors."""

    def programs(self) -> dict[str, ProgramState]:
        """All programs by name."""

    def start(self, program: str) -> None:
        """Begin to start it; a no-op where it runs or is being started. Raises CommandFailed."""

    def stop(self, program: str) -> None:
        """Begin to stop it; a no-op where it is down. Raises CommandFailed."""

    def tail(self, program: str, lines: int) -> list[str]:
        """The last lines it printed, oldest first; empty where it never did, or has no log."""

    def main_log(self) -> list[str]:
        """The end of supervisord's own log; empty where it keeps none."""


def starts(main_log: Iterable[str], program: str) -> int:
    """How often supervisord started the program, as far as its log goes back."""
    begun = f"spawned: '{program.rpartition(':')[2]}' with pid"
    return sum(begun in line for line in main_log)


def last_lines(text: str, lines: int, *, asked: int) -> list[str]:
    """The text's last lines; its first one is half where as many bytes came as were asked for."""
    found = text.splitlines()
    whole = found[1:] if len(text.encode(errors="replace")) >= asked else found
    return whole[-lines:] if lines > 0 else []
