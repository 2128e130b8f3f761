"""`container_resources`: how much of the CPU or memory that they may use containers use."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import docker  # noqa: F401 - half a second, spent before a worker forks and not in an emergency
from pydantic import Field, PrivateAttr, StringConstraints

from blocks.containers.container import Container, named, of_project
from blocks.containers.engine import engine
from blocks.containers.load import Load, loads
from blocks.growth import FIRST_S, EarlierReading
from blocks.measured import Measured
from blocks.signals.contract import Place
from domain.errors import BackoutError
from domain.findings import Finding

SLOT = "{slot}"
GIB = 1024**3

NameOfSlot = Annotated[str, StringConstraints(pattern=r"^(\{slot\}|[A-Za-z0-9])([A-Za-z0-9_.-]|\{slot\})*$")]
"""A container's or a service's name; `{slot}` stands for the slot that is looked at."""

Loads = Mapping[str, Load]


class ContainerResources(Measured):
    """The fullest of the containers counts, in percent of its own limit; without one of the host's CPUs or memory.

    CPU is measured between two looks; the first one takes `first_s` for it.
    """

    kind: Literal["container_resources"] = "container_resources"
    measure: Literal["cpu", "memory"] = Field(description="What is measured, in percent of the limit.")
    containers: list[NameOfSlot] = Field(
        min_length=1, description="Their names; `{slot}` stands for the slot that is looked at."
    )
    project: str | None = Field(
        default=None,
        min_length=1,
        description="A Compose project: `containers` then names its services, and each of their containers is meant.",
    )
    first_s: float = Field(
        default=FIRST_S, gt=0, le=10, description="For `cpu`: seconds that the first look measures."
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds for each answer of the engine.")
    _earlier: EarlierReading[tuple[list[str], Loads]] = PrivateAttr(default_factory=EarlierReading)

    def observe(self, place: Place) -> Finding:
        """Look once. No data where the engine does not answer, or none of the containers runs."""
        names = [name.replace(SLOT, place.slot or SLOT) for name in self.containers]
        if any(SLOT in name for name in names):
            return self.no_data(place, f"the slot behind {place.name} is not known")
        try:
            with engine(self.timeout_s) as client:
                return self._of_containers(place, client, names)
        except BackoutError as error:
            return self.no_data(place, " ".join(error.what().split()))

    def _of_containers(self, place: Place, client: Any, names: list[str]) -> Finding:
        containers = self._found(client, names)
        if self.measure == "memory":
            used = {load: load.memory_share for load in loads(client, containers).values()}
        else:
            used = self._cpu(client, names, containers)
        if not used:
            return self.no_data(place, f"no container runs of {', '.join(names)}")
        fullest, share = max(used.items(), key=lambda item: item[1])
        return self.held(place, self._said(fullest, share, len(used)), share, "%", f"{self.measure} high")

    def _found(self, client: Any, names: list[str]) -> list[Container]:
        if self.project is not None:
            return of_project(client, self.project, names)
        return [found for name in names if (found := named(client, name)) is not None]

    def _cpu(self, client: Any, names: list[str], containers: list[Container]) -> dict[Load, float]:
        (_, before), (_, now) = self._earlier.until_now(
            lambda: (names, loads(client, containers)), _goes_on, self.first_s
        )
        return {load: load.cpu_share(before[one]) for one, load in now.items() if one in before}

    def _said(self, fullest: Load, share: float, others: int) -> str:
        of = f"{fullest.cpus:g} CPUs" if self.measure == "cpu" else f"{fullest.memory_limit / GIB:.2f} GiB"
        more = f", the most of {others}" if others > 1 else ""
        return f"{fullest.name} uses {share:.1f} % of {of}{more}"


def _goes_on(earlier: tuple[list[str], Loads], now: tuple[list[str], Loads]) -> bool:
    """Whether the same containers run, and none was started again in between."""
    before = earlier[1]
    same = earlier[0] == now[0] and before.keys() == now[1].keys()
    return same and all(
        load.cpu_s >= before[one].cpu_s and load.at > before[one].at for one, load in now[1].items()
    )
