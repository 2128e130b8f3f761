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

BRIEFLY = timedelta(minutes=30)
"""A release that served shorter and was not seen to be good, may have been bad: NotesHub watches at least as long."""


def proven_first(releases: Iterable[Release], now: datetime) -> list[Release]:
    """Those that served briefly and without evidence last, where another has evidence; else in the order they came in.

    Evidence has no limit of age, and a watch can miss a release. One that served for long is not passed over for an older one.

    Args:
        releases: all that are known, also those that nobody would go back to: each served until the next one did.
        now: the one that came last served until then.
    """
    rows = list(releases)
    if not any(row.good_since for row in rows):
        return rows
    return sorted(rows, key=lambda row: row.good_since is None and _served(row, rows, now) < BRIEFLY)


def _served(release: Release, rows: Iterable[Release], now: datetime) -> timedelta:
    """From its first moment of traffic to that of the next release."""
    since = release.served_since
    if since is None:
        return timedelta()
    later = [row.served_since for row in rows if row.served_since and row.served_since > since]
    return min(later, default=now) - since


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


def unbroken(looks: Iterable[datetime], until: datetime) -> datetime:
    """When the span began that ends at `until`, and in which no pause between two looks is `JOINS` or longer."""
    since = until
    for at in sorted(looks, reverse=True):
        if since - at >= JOINS:
            break
        since = at
    return since


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
