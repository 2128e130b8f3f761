"""supervisord by its own command, on whatever host it runs."""

import re
from collections.abc import Sequence

from blocks.hosts.contract import Host, Ran
from blocks.supervision.control import (
    BYTES_A_LINE,
    EXITED,
    MAIN_LOG_BYTES,
    RUNNING,
    STOPPED,
    ProgramState,
    last_lines,
)
from domain.errors import CommandFailed, Unreachable

START_S = 120.0
"""Seconds that `supervisorctl start` and `stop` get: they wait for `startsecs` and `stopwaitsecs`."""

STATUS = re.compile(r"^(?P<name>\S+)\s+(?P<state>[A-Z]+)(?:\s+(?P<said>.*))?$")
PID = re.compile(r"pid (\d+)")
ANSWERS = (0, 3)
"""`supervisorctl status` ends with 3 where a program does not run."""


class Supervisorctl:
    """Runs `supervisorctl` on the host."""

    def __init__(self, host: Host, command: Sequence[str]) -> None:
        self.address = f"{' '.join(command)} on {host.named}"
        self._host = host
        self._command = list(command)

    def programs(self) -> dict[str, ProgramState]:
        """All programs by name; it does not tell the day on which they were started."""
        ran = self._run("status")
        lines = [found for line in ran.output.splitlines() if (found := STATUS.match(line))]
        if ran.exit_code not in ANSWERS or not lines:
            raise Unreachable("supervisord", self.address, ran.output.strip() or f"exit {ran.exit_code}")
        states = [_state(line) for line in lines]
        return {state.name: state for state in states}

    def start(self, program: str) -> None:
        """Start it, and wait as long as supervisord does."""
        self._do("start", program, harmless="already started")

    def stop(self, program: str) -> None:
        """Stop it, and wait as long as supervisord does."""
        self._do("stop", program, harmless="not running")

    def tail(self, program: str, lines: int) -> list[str]:
        """What it printed, then its errors where they have a log of their own."""
        asked = max(lines, 1) * BYTES_A_LINE
        read = [line for stream in ("stdout", "stderr") for line in self._tail(program, stream, asked)]
        return read[-lines:] if lines > 0 else []

    def main_log(self) -> list[str]:
        """The end of supervisord's own log."""
        ran = self._run("maintail", f"-{MAIN_LOG_BYTES}")
        return ran.output.splitlines() if ran.exit_code == 0 else []

    def _tail(self, program: str, stream: str, asked: int) -> list[str]:
        ran = self._run("tail", f"-{asked}", program, stream)
        if ran.exit_code != 0 or ran.output.startswith(f"{program}: ERROR"):
            return []
        return last_lines(ran.output, asked, asked=asked)

    def _do(self, act: str, program: str, *, harmless: str) -> None:
        ran = self._run(act, program, timeout_s=START_S)
        failed = ran.exit_code != 0 or "ERROR" in ran.output
        if failed and harmless not in ran.output:
            raise CommandFailed(ran.argv, ran.exit_code, ran.output)

    def _run(self, *arguments: str, timeout_s: float = 30.0) -> Ran:
        return self._host.run([*self._command, *arguments], timeout_s=timeout_s)


def _state(line: re.Match[str]) -> ProgramState:
    found = PID.search(line["said"] or "")
    pid = int(found[1]) if found else None
    quiet = line["state"] in (RUNNING, STOPPED, EXITED)
    return ProgramState(
        name=line["name"],
        state=line["state"],
        pid=pid,
        said="" if quiet else (line["said"] or ""),
    )
