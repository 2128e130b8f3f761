"""Last good is evidence: a release that was seen to serve for a while within its objectives.

NotesHub "Deployment Flow" watches 15 to 30 minutes after a deploy, and at least 30 as its best practice; FlappyJournal
"Extended Monitoring" 15 to 60 minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.release import Release
from domain.report.markdown import duration, moment

NONE = "no evidence that it served well"

AT_FIRST = timedelta(minutes=5)
"""What was seen good so soon after it began to serve, was good from the first."""

JOINS = timedelta(minutes=5)
"""Two spans with less than this between them are one."""

BY_THE_WATCH = "the watch"


def proven_first(releases: Iterable[Release]) -> list[Release]:
    """Those with evidence before those without, each in the order they came in."""
    return sorted(releases, key=lambda row: row.good_since is None)


def evidence(release: Release | None, until: datetime | None = None) -> str:
    """What is known of how it served: `served 26 h, good for the first 30 min`.

    Args:
        release: its record; None where there is none.
        until: when the release after it began to serve; None where that is not known.
    """
    if release is None or release.good_since is None or release.good_until is None:
        return NONE
    began = release.served_since or release.good_since
    span = duration((release.good_until - release.good_since).total_seconds())
    first = release.good_since - began < AT_FIRST
    good = f"good for the first {span}" if first else f"good for {span} from {moment(release.good_since)}"
    served = (until - began).total_seconds() if until else 0
    return f"served {duration(served)}, {good}" if served > 0 else good


def joined(release: Release, since: datetime, until: datetime, by: str) -> Release:
    """The release with a span more: the newest one, made longer by the one before where they follow each other.

    A span that lies in the known one adds nothing.
    """
    before, last = release.good_since, release.good_until
    if before and last and since <= last + JOINS and until >= before - JOINS:
        since, until = min(before, since), max(last, until)
    elif last and until < last:
        return release
    return release.model_copy(update={"good_since": since, "good_until": until, "good_by": by})
