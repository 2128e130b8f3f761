"""Counters that only grow, such as CPU time: what is measured is how much they grew between two looks."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Reading = TypeVar("Reading")

FIRST_S = 0.5
"""Seconds that a first look waits for its second reading, unless it is told otherwise."""


@dataclass
class EarlierReading(Generic[Reading]):
    """What the look before read. Two of them are equal whatever they hold: they are no part of a signal's settings."""

    reading: Reading | None = field(default=None, compare=False, repr=False)

    def until_now(
        self, read: Callable[[], Reading], goes_on: Callable[[Reading, Reading], bool], first_s: float
    ) -> tuple[Reading, Reading]:
        """The reading of the look before, and one of now, which is kept. What `read` raises is raised.

        Args:
            read: reads the counters.
            goes_on: whether the second reading counts on from the first: a restart begins at nought again.
            first_s: seconds until a second reading where there is none to go on from.
        """
        earlier, now = self.reading, read()
        if earlier is None or not goes_on(earlier, now):
            earlier = now
            time.sleep(first_s)
            now = read()
        self.reading = now
        return earlier, now
