"""What every platform promises. Its shared suite: `tests/blocks/platforms/contract.py`."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from blocks.adapter import Adapter, chosen_from
from blocks.routers.contract import Receipt, Route, Router
from domain.errors import UnknownPart, UnknownSlot
from domain.findings import Finding
from domain.release import Part, Release, Slot, Usage

Look = Callable[[Slot], list[Finding]]
"""Gives a slot's findings at its own address, now."""


class Standing(BaseModel):
    """The slot runs its release and every finding was ok a moment ago."""

    model_config = ConfigDict(frozen=True)

    slot: Slot
    findings: list[Finding]


class Ready(BaseModel):
    """What can be done before the switch was done, but nothing can be looked at before it serves: it takes the serving one's place.

    `said`: what was made ready, one line for a person.
    """

    model_config = ConfigDict(frozen=True)

    slot: Slot
    said: str
    findings: list[Finding] = []


class Unproven(BaseModel):
    """The slot could not be shown to be healthy; it must not get traffic. `reason`: one line for a person."""

    model_config = ConfigDict(frozen=True)

    slot: Slot
    reason: str
    findings: list[Finding] = []


class Aligned(BaseModel):
    """What `align` did, and what it could not do with the reason; one line each, for the report."""

    model_config = ConfigDict(frozen=True)

    done: list[str] = []
    left: list[str] = []


class Platform(Adapter):
    """Where slots live.

    Attributes:
        standby: whether the old release can be looked at while the new one serves.
        stops: whether the application can be stopped for a while, and started again as it was: `stop_serving`.
        whole: False for what `only` gives: its releases are a part's, and what answers may say the whole's version.
    """

    family: ClassVar[str] = "platforms"
    standby: ClassVar[bool] = True
    stops: ClassVar[bool] = False
    whole: ClassVar[bool] = True

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
    def prepare(self, slot: str, look: Look) -> Standing | Ready | Unproven:
        """Bring the slot's own release up if it is down, and say whether it is healthy now.

        Never touches the serving slot or the route. A no-op but for the look where the slot already runs. Only platforms
        without a standby answer `Ready`: they fetch and build, and look at nothing.

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

    def find(self, release: str) -> Slot | None:  # noqa: ARG002 - the answer of platforms that list all they have
        """The slot of a release that `slots()` does not list, asked for by a commit or another name. None: there is none."""
        return None

    def answers_as(self, release: str) -> str | None:
        """The version that the application's own answers name when this release serves; None where that cannot be known."""
        return release

    def history(self) -> list[Release] | None:
        """The releases that the platform itself keeps a record of, newest first; None where only Backout's record counts."""
        return None

    def keep(self, release: str) -> list[str]:  # noqa: ARG002 - the answer of platforms with nothing to keep
        """Keep what only a copy can bring back, as what this release runs with; what was kept, one line each.

        Called where a release was deployed (`backout record`), and it serves. May be repeated. Raises Unreachable.
        """
        return []

    def align(self, slot: str, *, thorough: bool) -> Aligned:  # noqa: ARG002 - the answer of platforms with nothing to align
        """After a switch: bring what names the active slot in line with it, files, Prometheus targets, caches. May be repeated.

        Never raises for a thing that could not be done: it is in `left`, since no such thing may undo a rollback.

        Args:
            slot: the one that serves now.
            thorough: also restart services and clear caches (NotesHub "Standard" and "Emergency Rollback").
        """
        return Aligned()

    def stop_serving(self) -> str:
        """Stop everything of the application that could write to its database, in all slots, until it is gone. May be repeated.

        What ran is kept where it runs, so that any process can start it again. Only where `stops`.

        Returns:
            What was done, one line.

        Raises:
            CommandFailed: something does not go.
        """
        raise NotImplementedError(f"{self.kind} cannot stop the application")

    def serve_again(self) -> str:
        """Start what `stop_serving` stopped, as it was, and wait until it runs; what was done, empty where nothing was stopped.

        Raises:
            RolloutStalled, CommandFailed: it does not come up; it stays started.
        """
        return ""

    def stopped(self) -> bool:
        """Whether what `stop_serving` stopped is still down. Changes nothing. Raises Unreachable."""
        return False

    def parts(self) -> list[Part]:
        """What can be taken back alone, as it is now. Changes nothing. Raises Unreachable."""
        return []

    def only(self, part: str) -> "Platform":
        """This platform as far as the part goes: its slots are the part's releases, `activate` moves the part alone.

        Raises:
            UnknownPart: no such part.
        """
        raise UnknownPart(part=part, known=[known.name for known in self.parts()])

    def deployed(self) -> str | None:
        """For a part: the release it was deployed with last; where it runs another one, it is back already. None: cannot tell."""
        return None

    def slot(self, name: str) -> Slot:
        """The slot of this name, as it is now. Raises UnknownSlot."""
        known = self.slots()
        found = next((slot for slot in known if slot.name == name), None) or self.find(name)
        if found is None:
            raise UnknownSlot(slot=name, known=[slot.name for slot in known])
        return found

    @property
    def aligns(self) -> bool:
        """Whether there is anything to align; a plan names the act only where there is."""
        return type(self).align is not Platform.align


class InPlace(Platform):
    """A platform with one place: the release that is gone back to takes the place of the one that serves.

    Each release that can be put in place is a slot, named by its version; the one in place runs, and has the route. The
    switch is a blind one: nothing can be looked at before it serves.

    `activate` comes in steps, so it can be cut off by a crash: until its last step is done `route` says the release
    before, and the same call again goes on from where it stood.
    """

    standby: ClassVar[bool] = False


class BlueGreen(Platform):
    """A platform whose slots all stay up, behind a router of its own."""

    router: Annotated[SerializeAsAny[Router], chosen_from("routers")] = Field(
        description="What decides which slot gets traffic."
    )

    @model_validator(mode="after")
    def _slots_differ(self) -> Self:
        dials = list(self.upstreams().values())
        if len(set(dials)) < len(dials):
            raise ValueError("two slots have the same address: nobody could tell which one serves")
        return self

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
