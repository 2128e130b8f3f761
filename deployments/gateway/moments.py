"""Times that a sender says: whether they can be, and whether a signed one is of now."""

from datetime import UTC, datetime, timedelta

REPLAY_S = 300
"""Seconds that a signed time may differ from ours."""

OLDEST = timedelta(days=366)
AHEAD = timedelta(days=1)
"""What is said to have begun outside of these is no time that a sender meant: a counter, or a clock that was never set."""


def recent(at: datetime, stamp: datetime) -> bool:
    """Whether a signed time is now, so that a call that was overheard is of no use later."""
    return abs((at - stamp).total_seconds()) <= REPLAY_S


def credible(at: datetime, said: datetime) -> bool:
    """Whether something that is told of now can have begun then."""
    return at - OLDEST <= said <= at + AHEAD


def from_epoch(text: str) -> datetime | None:
    """A time in seconds since 1970; None where the text is none."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None
