"""What every platform promises. Its shared suite: `tests/blocks/platforms/contract.py`."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from blocks.adapter import Adapter, chosen_from
from blocks.routers.contract import Receipt, Route, Router
from domain.errors import UnknownSlot
from domain.findings import Finding
from domain.release import Slot, Usage

Look = Callable[[Slot], list[Finding]]
"""Gives a slot's findings at its own address, now."""


class Standing(BaseModel):
    """The slot runs its release and every finding was ok a moment ago."""

    model_config = ConfigDict(frozen=True)

    slot: Slot
    findings: list[Finding]


class Unproven(BaseModel):
    """The slot could not be shown to be healthy; it must not get traffic. `reason`: one line for a person."""

    model_config = ConfigDict(frozen=True)

    slot: Slot
    reason: str
    findings: list[Finding] = []


class Platform(Adapter):
    """Where slots live.

    Attributes:
        standby: whether the old release can be looked at while the new one serves.
    """

    family: ClassVar[str] = "platforms"
    standby: ClassVar[bool] = True

    @property
    @abstractmethod
    def address(self) -> str:
        """Base URL that users reach the application at."""

    @abstractmethod
    def slots(self) -> list[Slot]:
        """All slots as they are now. Changes nothing. Raises Unreachable."""

    @abstractmethod
    def route(self) -> Route:
        """Which slot has the traffic now. Changes nothing. Raises Unreachable."""

    @abstractmethod
    def prepare(self, slot: str, look: Look) -> Standing | Unproven:
        """Bring the slot's own release up if it is down, and say whether it is healthy now.

        Never touches the serving slot or the route. A no-op but for the look where the slot already runs.

        Raises:
            UnknownSlot: no such slot.
        """

    @abstractmethod
    def activate(self, slot: str, expected: Route) -> Receipt:
        """Give the slot all traffic; both slots stay up. A no-op where it has it. Raises as `Router.switch` does."""

    @abstractmethod
    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The slot's last log lines, oldest first; empty where it never logged. Raises UnknownSlot."""

    def usage(self, slot: str) -> Usage | None:  # noqa: ARG002 - the answer of platforms that cannot tell
        """What the slot's processes use now; None where it is down or the platform cannot say. Raises UnknownSlot."""
        return None

    @abstractmethod
    def configuration(self) -> dict[str, str]:
        """File name -> text: the configuration as it is rendered now, secrets masked. For the evidence."""

    def slot(self, name: str) -> Slot:
        """The slot of this name, as it is now. Raises UnknownSlot."""
        known = self.slots()
        for slot in known:
            if slot.name == name:
                return slot
        raise UnknownSlot(slot=name, known=[slot.name for slot in known])


class BlueGreen(Platform):
    """A platform whose slots all stay up, behind a router of its own."""

    router: Annotated[SerializeAsAny[Router], chosen_from("routers")] = Field(
        description="What decides which slot gets traffic."
    )

    @property
    def address(self) -> str:
        """The router's address."""
        return self.router.address

    @abstractmethod
    def upstreams(self) -> Mapping[str, str]:
        """Slot -> `host:port` as the router dials it."""

    @abstractmethod
    def start(self, slot: str) -> None:
        """Start the slot's own release. A no-op where it runs. Raises UnknownSlot, CommandFailed."""

    @abstractmethod
    def stop(self, slot: str) -> None:
        """Stop the slot. A no-op where it is down. Refuses the serving one with Conflict."""

    def route(self) -> Route:
        """What the router says."""
        return self.router.active(self.upstreams())

    def activate(self, slot: str, expected: Route) -> Receipt:
        """One switch of the router."""
        return self.router.switch(slot, self.upstreams(), expected)
