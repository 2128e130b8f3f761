"""How long what serves was seen well without a break: evidence that it can be gone back to (`domain.good`)."""

from datetime import datetime, timedelta

FURTHER_S = 3600.0
"""Seconds until evidence that is known already is made longer."""

Span = tuple[datetime, datetime]


class WellServed:
    """The looks at one application. `after_s`: seconds without a break until it is evidence."""

    def __init__(self, after_s: float) -> None:
        self.after_s = after_s
        self._release = ""
        self._began = 0.0
        self._told: float | None = None

    def take(self, release: str | None, *, well: bool, clock: float, at: datetime) -> Span | None:
        """Take a look in; from when to when the release served well, where that is worth noting now.

        A look that is bad, saw nothing, or met another release begins anew.

        Args:
            release: what has all the traffic; None where that is not known.
            well: it was healthy, and no trigger had fired.
            clock: seconds on the watch's clock, which no wall clock moves.
            at: the same moment by the wall.
        """
        if not well or not release:
            self._release = ""
            return None
        if release != self._release:
            self._release, self._began, self._told = release, clock, None
        age = clock - self._began
        if age < self.after_s or (self._told is not None and clock - self._told < FURTHER_S):
            return None
        self._told = clock
        return at - timedelta(seconds=age), at
