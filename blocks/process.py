"""Processes that outlive whoever started them. They are known by pid and start time: a pid alone is given out again."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from domain.errors import CommandFailed
from domain.release import Usage

PROC = Path("/proc")
BOOT = PROC / "sys/kernel/random/boot_id"
LOOK_AGAIN_S = 0.05
NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""What shells answer for a program that does not exist, or cannot be run."""

_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Process:
    """One process of this machine. `started`: clock ticks from boot `boot` to its start (field 22 in proc(5))."""

    pid: int
    started: int
    boot: str


@dataclass(frozen=True)
class _Stat:
    state: str
    session: int
    threads: int
    started: int
    ticks: int

    @property
    def ended(self) -> bool:
        """Only waits to be reaped. With its first thread gone and others left a process looks the same, and runs."""
        return self.state in "ZX" and self.threads <= 1


def _stat(pid: int) -> _Stat | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The program's name is in brackets and may hold blanks and brackets itself.
    fields = text.rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return _Stat(
        fields[0], session=int(fields[3]), threads=int(fields[17]), started=int(fields[19]), ticks=ticks
    )


def find(pid: int) -> Process | None:
    """The process that has this pid now; None where there is none, or it has ended and only waits to be reaped."""
    stat = _stat(pid)
    if stat is None or stat.ended:
        return None
    return Process(pid, stat.started, BOOT.read_text().strip())


def is_alive(process: Process) -> bool:
    """Whether exactly this process runs. A child of ours that has ended is reaped."""
    alive = find(process.pid) == process
    # Last: one that ended between the two looks would be called dead, and never be reaped.
    exit_code(process.pid)
    return alive


def usage(leader: Process) -> Usage:
    """Memory and CPU time of the process and all of its session (`VmRSS`, `utime` and `stime` in proc(5))."""
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    family = {pid: stat for pid in pids if (stat := _stat(pid)) and stat.session == leader.pid}
    memory_kb = sum(_resident_kb(pid) for pid in family)
    ticks = sum(stat.ticks for stat in family.values())
    return Usage(memory_mb=round(memory_kb / 1024, 1), cpu_s=round(ticks / os.sysconf("SC_CLK_TCK"), 2))


def _resident_kb(pid: int) -> int:
    try:
        status = (PROC / str(pid) / "status").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmRSS:")), "VmRSS: 0 kB")
    return int(line.split()[1])


def exit_code(pid: int) -> int | None:
    """How a child of this very process ended, minus the signal where one ended it; None where we cannot know."""
    child = _children.get(pid)
    return child.poll() if child else None


def start(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> Process:
    """Start a program in a session of its own, with nothing to read and its output appended to `log` (mode 0600).

    Raises CommandFailed where it cannot be run at all.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        child = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        seen = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        raise CommandFailed(argv=list(argv), exit_code_seen=seen, output=str(error)) from error
    finally:
        os.close(descriptor)
    # Kept, to be reaped and asked for its exit code; a child of ours that ended keeps its pid until then.
    _children[child.pid] = child
    stat = _stat(child.pid)
    return Process(child.pid, stat.started if stat else 0, BOOT.read_text().strip())


def stop(leader: Process | None, mark: str, timeout_s: float) -> None:
    """End a program and what it started: SIGTERM, and SIGKILL to what is still there after `timeout_s` seconds.

    Args:
        leader: what `start` gave; None where that was lost.
        mark: `NAME=value` that only this program's environment holds; finds those that left the leader's session,
            and those whose leader is gone.
        timeout_s: for the SIGTERM; SIGKILL gets as much again.

    Raises:
        CommandFailed: something survived, which takes a process that hangs in the kernel.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        family = _family(leader, mark)
        for process in family:
            _send(process, number)
        _wait_for_end(family, timeout_s)
        if not _family(leader, mark):
            return
    left = [str(process.pid) for process in _family(leader, mark)]
    raise CommandFailed(argv=["kill", "-KILL", *left], exit_code_seen=None, output="still there")


def values_of(name: str) -> set[str]:
    """What processes of this machine have in their environment under this name; of those that we may look into."""
    start = f"{name}=".encode()
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    found = (value for pid in pids for value in _environment(pid) if value.startswith(start))
    return {value[len(start) :].decode(errors="replace") for value in found}


def _wait_for_end(family: Sequence[Process], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while any(is_alive(process) for process in family) and time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN_S)


def _family(leader: Process | None, mark: str) -> list[Process]:
    session = leader.pid if leader and is_alive(leader) else None
    found = []
    for entry in PROC.iterdir():
        pid = int(entry.name) if entry.name.isdigit() else os.getpid()
        process = find(pid) if pid != os.getpid() else None
        if process and (_in_session(pid, session) or _has_mark(pid, mark)):
            found.append(process)
    return found


def _in_session(pid: int, session: int | None) -> bool:
    stat = _stat(pid)
    return session is not None and stat is not None and stat.session == session


def _has_mark(pid: int, mark: str) -> bool:
    return mark.encode() in _environment(pid)


def _environment(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []  # it ended, or belongs to another user and so is not ours


def _send(process: Process, number: signal.Signals) -> None:
    """Signal exactly this process: between a look at a pid and kill(2) the pid could be given out again."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(process.pid)
        try:
            if find(process.pid) == process:
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)
