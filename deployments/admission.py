"""Which waiting runs may start: the last place is kept for an emergency, and watching takes no place from acting."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from deployments.catalog import EMERGENCY_TAG, WATCH_TAG

PLACES = 24
"""How many runs may act beside each other where nobody says: a storm's wait for each other, and not for a place."""

WATCH_PLACES = 32
"""How many watches may run beside the runs that act; each is a process that mostly sleeps."""

GIVES_WAY = timedelta(seconds=30)
"""How long a watch waits for the runs that act."""


class Tagged(Protocol):
    """Anything with tags: a flow run."""

    @property
    def tags(self) -> list[str]:
        """As Prefect keeps them."""

    @property
    def expected_start_time(self) -> datetime | None:
        """Since when it is due."""


Run = TypeVar("Run", bound=Tagged)


def admitted(
    waiting: Iterable[Run], *, acting: int, watching: int, places: int, now: datetime | None = None
) -> list[Run]:
    """The runs that may start now: emergencies first, watches last.

    A watch waits until nothing acts, for at most `GIVES_WAY`: where many applications go back at once, those whose users
    are still waiting have the machine.

    Args:
        waiting: in the order they are due.
        acting: how many places are taken.
        watching: how many watches run.
        places: how many there are; the last is for emergencies.
        now: the time; by default this moment.
    """
    patience_ends = (now or datetime.now(UTC)) - GIVES_WAY
    chosen: list[Run] = []
    for run in sorted(waiting, key=_rank):
        watches = sum(WATCH_TAG in other.tags for other in chosen)
        act, watch = acting + len(chosen) - watches, watching + watches
        if (
            _may_watch(run, act, watch, patience_ends)
            if WATCH_TAG in run.tags
            else _may_act(run, act, places)
        ):
            chosen.append(run)
    return chosen


def _rank(run: Tagged) -> int:
    return 0 if EMERGENCY_TAG in run.tags else 2 if WATCH_TAG in run.tags else 1


def _may_act(run: Tagged, acting: int, places: int) -> bool:
    return acting < (places if EMERGENCY_TAG in run.tags else places - 1)


def _may_watch(run: Tagged, acting: int, watching: int, patience_ends: datetime) -> bool:
    due = run.expected_start_time
    return watching < WATCH_PLACES and (acting == 0 or due is None or due <= patience_ends)
