"""What `ps` says of processes on a host: since when they run, and what they use."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from blocks.hosts.contract import Host
from blocks.supervision.control import ProgramState
from domain.errors import CommandFailed
from domain.release import Usage

IN_UTC = ("env", "TZ=UTC", "LC_ALL=C", "ps")
STARTED = "%a %b %d %H:%M:%S %Y"


def started_at(host: Host, pids: Collection[int]) -> dict[int, datetime]:
    """When each of these was started, to the second; without those that `ps` does not know. Raises Unreachable."""
    if not pids:
        return {}
    found = {}
    for line in _lines(host, "-o", "pid=,lstart=", "-p", ",".join(map(str, pids))):
        pid, _, started = line.strip().partition(" ")
        found[int(pid)] = datetime.strptime(" ".join(started.split()), STARTED).replace(tzinfo=UTC)
    return found


def with_starts(host: Host, known: Mapping[str, ProgramState]) -> dict[str, ProgramState]:
    """The programs with the time of each start, where supervisord did not tell it. Raises Unreachable."""
    found = started_at(host, [state.pid for state in known.values() if state.pid and not state.since])
    return {
        name: replace(state, since=state.since or found.get(state.pid or 0)) for name, state in known.items()
    }


def usage_of(host: Host, groups: Collection[int]) -> Usage | None:
    """What the processes of these process groups use, which is what supervisord makes of each program.

    None where none of them is there, or the host has no `ps`. Raises Unreachable.
    """
    rows = [line.split() for line in _lines(host, "-e", "-o", "pgid=,rss=,cputimes=")]
    ours = [(int(rss), int(cpu)) for pgid, rss, cpu in rows if int(pgid) in groups]
    if not ours:
        return None
    return Usage(
        memory_mb=round(sum(rss for rss, _ in ours) / 1024, 1), cpu_s=float(sum(cpu for _, cpu in ours))
    )


def _lines(host: Host, *options: str) -> list[str]:
    try:
        ran = host.run([*IN_UTC, *options])
    except CommandFailed:
        return []
    return ran.output.splitlines() if ran.exit_code == 0 else []
