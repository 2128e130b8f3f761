"""Platforms whose router can share traffic out between slots: NotesHub "Switch Traffic", 10, 25, 50 and 100 %."""

from collections.abc import Mapping

from blocks.platforms.contract import BlueGreen, Platform
from blocks.routers.contract import Receipt, Route, WeightedRouter
from domain.errors import ConfigurationError


def grain_of(platform: Platform) -> int | None:
    """Shares are multiples of so many per cent; None where traffic goes to one slot as a whole."""
    if not isinstance(platform, BlueGreen) or not isinstance(platform.router, WeightedRouter):
        return None
    return platform.router.grain if platform.router.weighs else None


def share_out(platform: Platform, shares: Mapping[str, int], expected: Route) -> Receipt:
    """Give each slot its per cent of new requests; one that has 100 % has all. A no-op where they have it.

    Raises:
        ConfigurationError: the router cannot do it (any more); nothing was changed.
        UnknownSlot, Conflict, Unreachable: as `WeightedRouter.share`.
    """
    if len(shares) == 1:
        return platform.activate(next(iter(shares)), expected)
    if not isinstance(platform, BlueGreen) or not isinstance(platform.router, WeightedRouter):
        problem = "traffic cannot be shared out with this router"
        raise ConfigurationError(file="backout.yaml", key="platform", problem=problem)
    return platform.router.share(shares, platform.upstreams(), expected)
