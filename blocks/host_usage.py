"""How much of a Linux host's CPU, memory and disks is in use: by psutil here, by its own files and `df` elsewhere."""

from dataclasses import dataclass
from pathlib import Path

import psutil

from blocks.hosts.contract import Host
from blocks.hosts.local import Local
from domain.errors import CommandFailed

IDLE, WAITING, GUESTS = 3, 4, 8
"""Columns of the line `cpu` in /proc/stat, see proc(5); from the last one on what is in the user's time already."""

KIB = 1024


@dataclass(frozen=True)
class CpuTime:
    """What all CPUs together have spent since boot, and how much of it they had something to do. Any unit."""

    total: float
    busy: float


@dataclass(frozen=True)
class Space:
    """Bytes. `free`: for everybody, without what is kept for root."""

    used: float
    free: float

    @property
    def percent(self) -> float:
        """Of what is there for everybody, as df(1) shows it."""
        there = self.used + self.free
        return 100 * self.used / there if there else 0.0


def cpu_time(host: Host, timeout_s: float) -> CpuTime:
    """Waiting for a disk is no work. Raises CommandFailed, Unreachable."""
    if isinstance(host, Local):
        seen = psutil.cpu_times()
        guests = getattr(seen, "guest", 0.0) + getattr(seen, "guest_nice", 0.0)
        total = sum(seen) - guests
        return CpuTime(total, total - seen.idle - getattr(seen, "iowait", 0.0))
    argv = ["cat", "/proc/stat"]
    said = host.check(argv, timeout_s=timeout_s)
    try:
        columns = [float(part) for part in said.splitlines()[0].split()[1:]]
        total = sum(columns[:GUESTS])
        return CpuTime(total, total - columns[IDLE] - columns[WAITING])
    except (ValueError, IndexError):
        raise _unreadable(argv, said) from None


def memory(host: Host, timeout_s: float) -> Space:
    """Free is what programs can have, caches included. Raises CommandFailed, Unreachable."""
    if isinstance(host, Local):
        seen = psutil.virtual_memory()
        return Space(seen.total - seen.available, seen.available)
    argv = ["cat", "/proc/meminfo"]
    said = host.check(argv, timeout_s=timeout_s)
    try:
        lines = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
        total, free = (KIB * float(lines[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    except (ValueError, KeyError, IndexError):
        raise _unreadable(argv, said) from None
    return Space(total - free, free)


def disk(host: Host, path: Path, timeout_s: float) -> Space:
    """The disk that the path lies on. Raises CommandFailed, Unreachable, and OSError for this host."""
    if isinstance(host, Local):
        seen = psutil.disk_usage(str(path))
        return Space(seen.used, seen.free)
    argv = ["df", "-P", "-k", "--", str(path)]
    said = host.check(argv, timeout_s=timeout_s)
    try:
        used, free = said.splitlines()[-1].split()[2:4]
        return Space(KIB * float(used), KIB * float(free))
    except (ValueError, IndexError):
        raise _unreadable(argv, said) from None


def _unreadable(argv: list[str], said: str) -> CommandFailed:
    return CommandFailed(argv=argv, exit_code_seen=0, output=said)
