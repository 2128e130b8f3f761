"""Traffic that is shared out between slots: in words, and which of them a rollback takes it from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from domain.release import Release, Survey

WHOLE = 100
"""Per cent."""

NEVER_YET = datetime.max.replace(tzinfo=UTC)


def in_words(shares: Mapping[str, int]) -> str:
    """`green` where it has all of it; else `blue 90 %, green 10 %`."""
    if list(shares.values()) == [WHOLE]:
        return next(iter(shares))
    return ", ".join(f"{slot} {share} %" for slot, share in shares.items())


def _deployed(row: Release) -> datetime:
    """When it came: a release that served before may have been deployed again since."""
    return max(row.served_since, row.recorded_at) if row.served_since else NEVER_YET


def with_origin(survey: Survey, releases: Sequence[Release], wanted: str | None = None) -> Survey:
    """The survey with the slot that a rollback takes traffic from as the serving one, where traffic is shared out.

    That is the slot of the newest release: one that never served alone, else the one that was deployed last. Where the record
    does not tell them apart, the one with most of the traffic. As it is where one slot has all, or where some of it goes
    to no slot. `wanted`: the release asked for; traffic is never taken from that.
    """
    if survey.serving is not None or sum(survey.shares.values()) != WHOLE:
        return survey
    since = {row.version: _deployed(row) for row in releases}

    def newest(slot: str) -> tuple[datetime, int]:
        found = survey.slot(slot)
        return since.get(found.version or "", NEVER_YET) if found else NEVER_YET, survey.shares[slot]

    target = survey.holding(wanted) if wanted else None
    origins = [slot for slot in survey.shares if target is None or slot != target.name]
    return survey.model_copy(update={"serving": max(origins or survey.shares, key=newest)})
