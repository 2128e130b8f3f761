"""Which releases are pinned: the last that served, so that the clean-up of a host does not take the way back away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from domain.good import proven_first
from domain.release import Release

NEVER = datetime.min.replace(tzinfo=UTC)


def pinned(
    releases: Sequence[Release], number: int, serving: str | None, held: Collection[str], now: datetime
) -> list[Release]:
    """What serves, what would be gone back to, and then the last that served, up to `number`; the newest first.

    None in quarantine: nobody goes back to one. What serves and what would be gone back to are never left out, also where
    `number` is 1.

    Args:
        releases: all that are recorded, newest first.
        serving: the release that has the traffic; None where nobody knows.
        held: what slots hold: of these one is gone back to before any other (`domain.target`).
        now: what served last served until then.
    """
    served = sorted((row for row in releases if _fit(row)), key=_since, reverse=True)
    own = [row for row in served if row.version == serving]
    must = [*own, *_gone_back_to(releases, serving, held, now)]
    filled = [*must, *(row for row in served if row not in must)]
    return sorted(filled[: max(number, len(must))], key=_since, reverse=True)


def _gone_back_to(
    releases: Sequence[Release], serving: str | None, held: Collection[str], now: datetime
) -> list[Release]:
    """As `domain.target` chooses, but for what is healthy just now. One, or none."""
    until = next((row.served_since for row in releases if row.version == serving), None) or now
    before = [row for row in proven_first(releases, now) if _fit(row) and _since(row) < until]
    return sorted(before, key=lambda row: row.version not in held)[:1]


def _fit(row: Release) -> bool:
    return row.served_since is not None and row.quarantined_by is None


def _since(row: Release) -> datetime:
    return row.served_since or NEVER
