"""Which of two releases answers faster, and whether by enough to be worth a switch."""

from __future__ import annotations

from collections.abc import Iterable

from domain.findings import Finding

RESPONSE_TIME = "response time"
"""The name of the finding that holds the typical seconds of a place; those of a check are called `response time of CHECK`."""

CLEARLY = 0.8
"""A release is clearly faster where it needs at most this share of the other one's time, and noticeably less."""

NOTICEABLE_S = 0.05
"""Seconds; a smaller gain is noise, whatever its share, and nobody's trouble."""


def no_faster(ours: Iterable[Finding], theirs: Iterable[Finding]) -> str | None:
    """Why going back will not make it faster; None where one of the times will be clearly shorter, or none was measured on both.

    What got no answer on the release that serves, and gets one on the other, is clearly faster there.

    Args:
        ours: what was seen on the release that serves.
        theirs: what was seen on the one to go back to.
    """
    now, then = _seconds(ours), _seconds(theirs)
    both = {name: (now[name], then[name]) for name in now if then.get(name) is not None}
    told = []
    for name, (ours_s, theirs_s) in both.items():
        if ours_s is None or theirs_s is None or _clearly_less(theirs_s, ours_s):
            return None
        told.append(f"{_of(name)}{theirs_s:.3g} s against {ours_s:.3g} s")
    return f"the old release is no faster: {'; '.join(told)}" if told else None


def _clearly_less(theirs_s: float, ours_s: float) -> bool:
    return theirs_s <= CLEARLY * ours_s and ours_s - theirs_s >= NOTICEABLE_S


def _seconds(findings: Iterable[Finding]) -> dict[str, float | None]:
    """Name -> seconds, of what was timed; None where nothing was answered."""
    return {found.name: found.value for found in findings if found.name.startswith(RESPONSE_TIME)}


def _of(name: str) -> str:
    """What was timed, where it was a check."""
    check = name.removeprefix(RESPONSE_TIME).removeprefix(" of ")
    return f"{check} " if check else ""
