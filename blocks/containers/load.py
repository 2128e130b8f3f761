"""What containers use of the CPU and the memory that they may use, as `docker stats` counts it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from blocks.containers.container import NANOSECONDS, Container
from blocks.containers.words import resident

AT_ONCE = 8
RAN = datetime(2, 1, 1, tzinfo=UTC)
"""The engine gives the year 1 as the time of a container that does not run."""


@dataclass(frozen=True)
class Load:
    """One container at one moment.

    Attributes:
        name: the container's.
        at: when the engine read it, in seconds since 1970.
        cpu_s: seconds of CPU time since it was started.
        cpus: how many CPUs it may use: its limit, else all of the host's.
        memory, memory_limit: bytes in use, without the file cache, and bytes that it may use.
    """

    name: str
    at: float
    cpu_s: float
    cpus: float
    memory: float
    memory_limit: float

    @property
    def memory_share(self) -> float:
        """Percent of its limit; 0 where the engine knows none."""
        return 100 * self.memory / self.memory_limit if self.memory_limit else 0.0

    def cpu_share(self, earlier: "Load") -> float:
        """Percent of the CPUs that it may use, since the earlier moment."""
        possible = (self.at - earlier.at) * self.cpus
        return 100 * (self.cpu_s - earlier.cpu_s) / possible if possible > 0 else 0.0


def loads(client: Any, containers: Sequence[Container]) -> dict[str, Load]:
    """Id of each that runs -> its load now. All are asked at once: the engine takes up to a second for each."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="load") as pool:
        found = list(pool.map(lambda one: _load(client, one), containers))
    return {one.id: load for one, load in zip(containers, found, strict=True) if load is not None}


def _load(client: Any, container: Container) -> Load | None:
    """None where it does not run."""
    from docker.errors import NotFound

    try:
        stats = client.api.stats(container.id, stream=False, one_shot=True)
    except NotFound:  # it went away since the list was made
        return None
    read = datetime.fromisoformat(stats["read"])
    if read < RAN:
        return None
    cpu, memory = stats["cpu_stats"], stats.get("memory_stats") or {}
    return Load(
        name=container.name,
        at=read.timestamp(),
        cpu_s=cpu["cpu_usage"]["total_usage"] / NANOSECONDS,
        cpus=container.cpus or float(cpu.get("online_cpus") or 1),
        memory=resident(memory),
        memory_limit=float(memory.get("limit") or 0),
    )
