"""What users are on is never stopped or written over."""

from blocks.routers.contract import Route
from domain.errors import Conflict


def require_idle(route: Route, slot: str) -> None:
    """Raise Conflict where the slot has traffic, all of it or a share."""
    if slot in route.served:
        raise Conflict(on=f"slot {slot}", expected="idle", found="serving")
