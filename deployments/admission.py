"""Which waiting runs may start: the last place is kept for an emergency, and watching takes no place from acting."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from deployments.catalog import EMERGENCY_TAG, WATCH_TAG

WATCH_PLACES = 32
"""How many watches may run beside the runs that act; each is a process that mostly sleeps."""


class Tagged(Protocol):
    """Anything with tags: a flow run."""

    @property
    def tags(self) -> list[str]:
        """As Prefect keeps them."""


Run = TypeVar("Run", bound=Tagged)


def admitted(waiting: Iterable[Run], *, acting: int, watching: int, places: int) -> list[Run]:
    """The runs that may start now, emergencies first.

    Args:
        waiting: in the order they are due.
        acting: how many places are taken.
        watching: how many watches run.
        places: how many there are; the last is for emergencies.
    """
    chosen: list[Run] = []
    for run in sorted(waiting, key=lambda run: EMERGENCY_TAG not in run.tags):
        watches = sum(WATCH_TAG in other.tags for other in chosen)
        if _fits(run.tags, acting + len(chosen) - watches, watching + watches, places):
            chosen.append(run)
    return chosen


def _fits(tags: Sequence[str], acting: int, watching: int, places: int) -> bool:
    if WATCH_TAG in tags:
        return watching < WATCH_PLACES
    return acting < (places if EMERGENCY_TAG in tags else places - 1)
