"""What every router promises. Its shared suite: `tests/blocks/routers/contract.py`."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from blocks.adapter import Adapter
from blocks.fields import BaseUrl
from domain.errors import Conflict, UnknownSlot


class Route(BaseModel):
    """Where traffic goes now.

    Attributes:
        slot: None where it goes to an address that belongs to no slot.
        stamp: changes whenever the route does; what `switch` compares before it sets.
    """

    model_config = ConfigDict(frozen=True)

    slot: str | None
    stamp: str


class Receipt(BaseModel):
    """What a switch did. `cost`: what clients may have noticed, for the report; empty where nothing."""

    model_config = ConfigDict(frozen=True)

    changed: bool
    before: str | None
    after: str
    cost: str = ""
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


def upstream_of(slot: str, upstreams: Mapping[str, str]) -> str:
    """The slot's `host:port`. Raises UnknownSlot."""
    if slot not in upstreams:
        raise UnknownSlot(slot=slot, known=sorted(upstreams))
    return upstreams[slot]


def slot_of(upstream: str, upstreams: Mapping[str, str]) -> str | None:
    """The slot of this `host:port`, or None."""
    return next((slot for slot, address in upstreams.items() if address == upstream), None)


def changed_since(on: str, expected: Route, found: Route) -> Conflict:
    """The Conflict of a route that is no longer the expected one."""
    said = found.slot or "no slot"
    same = found.slot == expected.slot
    return Conflict(on=on, expected=expected.slot or "no slot", found=f"{said}, set anew," if same else said)
