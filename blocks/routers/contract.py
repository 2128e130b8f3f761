"""What every router promises. Its shared suite: `tests/blocks/routers/contract.py`."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from blocks.adapter import Adapter
from blocks.fields import BaseUrl
from domain import shares as traffic
from domain.checkup import Remedy
from domain.errors import Conflict, UnknownSlot

WHOLE = traffic.WHOLE
"""Per cent."""


class Route(BaseModel):
    """Where traffic goes now.

    Attributes:
        slot: None where it goes to an address that belongs to no slot, or is shared out between slots.
        stamp: changes whenever the route does; what `switch` compares before it sets.
        shares: slot -> per cent of the traffic, where it is shared out; empty where one slot has all of it.
        half: the slot that was begun to be put in the place of this one, where that never came to its end; to activate this
            one undoes it.
    """

    model_config = ConfigDict(frozen=True)

    slot: str | None
    stamp: str
    shares: dict[str, int] = {}
    half: str | None = None

    @property
    def served(self) -> dict[str, int]:
        """Slot -> per cent of the traffic, also where one slot has all of it."""
        return {self.slot: WHOLE} if self.slot else self.shares


class Receipt(BaseModel):
    """What a switch did.

    Attributes:
        cost: what clients may have noticed, for the report; empty where nothing.
        kept: what was put aside or put back on the host, and where it is, for the report; empty where nothing.
    """

    model_config = ConfigDict(frozen=True)

    changed: bool
    before: str | None
    after: str
    cost: str = ""
    kept: str = ""
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Router(Adapter):
    """Decides which slot gets traffic. `upstreams` is always slot -> `host:port` or `unix//path`.

    Attributes:
        address: base URL that users reach the application at.
        lossless: whether a switch closes no client's connection.
    """

    family: ClassVar[str] = "routers"
    lossless: ClassVar[bool]
    address: BaseUrl = Field(description="Base URL that users reach the application at.")

    @abstractmethod
    def active(self, upstreams: Mapping[str, str]) -> Route:
        """Where traffic goes now. Changes nothing.

        Raises:
            Unreachable: the router cannot be asked.
        """

    @abstractmethod
    def switch(self, slot: str, upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Send all traffic to the slot, in one step that readers see whole or not at all.

        A no-op (`changed=False`) where it already goes there, whatever was expected. New requests go to the slot when this returns.

        Raises:
            UnknownSlot: `upstreams` has no such slot.
            Conflict: the route is no longer `expected`; nothing was changed.
            Unreachable: the router cannot be asked; nothing was changed.
        """

    def renewal(self) -> Remedy | None:
        """What makes it renew its certificates now; None where it cannot say. Changes nothing, never raises."""
        return None


class WeightedRouter(Router):
    """A router that can also share traffic out between slots (NotesHub "Switch Traffic": 10, 25, 50, 100 %).

    Attributes:
        grain: shares are multiples of this, in per cent.
    """

    grain: ClassVar[int] = 1

    @property
    def weighs(self) -> bool:
        """Whether it is set up to share traffic out."""
        return True

    @abstractmethod
    def share(self, shares: Mapping[str, int], upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Give each slot its per cent of new requests, in one step. A no-op where they have them. Raises as `switch` does.

        Args:
            shares: slot -> per cent; they add up to 100.
            upstreams: as for `switch`.
            expected: the route that is replaced.

        Raises:
            ValueError: they do not add up to 100, or one is no multiple of `grain`.
        """


def upstream_of(slot: str, upstreams: Mapping[str, str]) -> str:
    """The slot's `host:port`. Raises UnknownSlot."""
    if slot not in upstreams:
        raise UnknownSlot(slot=slot, known=sorted(upstreams))
    return upstreams[slot]


def slot_of(upstream: str, upstreams: Mapping[str, str]) -> str | None:
    """The slot of this `host:port`, or None."""
    return next((slot for slot, address in upstreams.items() if address == upstream), None)


def shared_out(shares: Mapping[str, int], upstreams: Mapping[str, str], grain: int) -> dict[str, int]:
    """The shares that are not 0, checked as `WeightedRouter.share` promises. Raises ValueError, UnknownSlot."""
    for slot in shares:
        upstream_of(slot, upstreams)
    if sum(shares.values()) != WHOLE or any(share < 0 for share in shares.values()):
        raise ValueError(f"shares must add up to {WHOLE} per cent: {in_words(shares)}")
    if any(share % grain for share in shares.values()):
        raise ValueError(f"shares must be multiples of {grain} per cent: {in_words(shares)}")
    return {slot: share for slot, share in shares.items() if share}


def in_words(shares: Mapping[str, int]) -> str:
    """`green` where it has all of it; else `blue 90 %, green 10 %`."""
    return traffic.in_words(shares)


def changed_since(on: str, expected: Route, found: Route) -> Conflict:
    """The Conflict of a route that is no longer the expected one."""
    said = found.slot or "no slot"
    same = found.slot == expected.slot
    return Conflict(on=on, expected=expected.slot or "no slot", found=f"{said}, set anew," if same else said)
