"""Which of two releases answers faster, and whether by enough to be worth a switch."""

from __future__ import annotations

from collections.abc import Iterable

from domain.findings import Finding

RESPONSE_TIME = "response time"
"""The name of the finding that holds a slot's typical seconds."""

CLEARLY = 0.8
"""A release is clearly faster where it needs at most this share of the other one's time."""


def no_faster(ours: Iterable[Finding], theirs: Iterable[Finding]) -> str | None:
    """Why going back will not make it faster; None where it will, or where one side was not measured.

    Args:
        ours: what was seen on the release that serves.
        theirs: what was seen on the one to go back to.
    """
    now, then = _seconds(ours), _seconds(theirs)
    if now is None or then is None or then <= CLEARLY * now:
        return None
    return f"the old release is no faster: {then:.3g} s against {now:.3g} s"


def _seconds(findings: Iterable[Finding]) -> float | None:
    return next((found.value for found in findings if found.name == RESPONSE_TIME), None)
