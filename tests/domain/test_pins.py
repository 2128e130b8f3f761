"""Which releases are held."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.pins import pinned
from domain.release import Release

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def release(version: str, day: int | None, **more: Any) -> Release:
    at = datetime(2026, 11, day, tzinfo=UTC) if day else None
    return Release(application="shop/production", version=version, served_since=at, **more)


def held(
    rows: Sequence[Release], number: int, serving: str | None = None, slots: Sequence[str] = ()
) -> list[str]:
    return [row.version for row in pinned(rows, number, serving, slots, NOW)]


def test_the_last_that_served_the_newest_first() -> None:
    rows = [release("1.3", 4), release("1.2", 3), release("1.1", 2), release("1.0", 1)]
    assert held(rows, 3, "1.3") == ["1.3", "1.2", "1.1"]
    assert held(rows, 3) == ["1.3", "1.2", "1.1"]


def test_neither_one_that_never_served_nor_one_in_quarantine() -> None:
    rows = [release("1.0", 1), release("1.1", 2, quarantined_by="20261102-abcd"), release("1.2", None)]
    assert held(rows, 3, "1.1", ["1.1", "1.0"]) == ["1.0"]


def test_what_serves_is_held_however_long_ago_it_first_served() -> None:
    rows = [release("1.4", 5), release("1.3", 4), release("1.2", 3), release("1.1", 2), release("1.0", 1)]
    assert held(rows, 3, "1.1") == ["1.4", "1.1", "1.0"], "it was gone back to, and so may 1.0 be"
    assert held(rows, 1, "1.1") == ["1.1", "1.0"]


def test_what_would_be_gone_back_to_is_held_before_newer_ones() -> None:
    long_ago = NOW - timedelta(days=20)
    proven = release("1.0", 1, good_since=long_ago, good_until=long_ago)
    brief = [
        Release(
            application=proven.application,
            version=f"1.{number}",
            served_since=NOW - timedelta(minutes=10 - number),
        )
        for number in range(1, 5)
    ]
    rows = [*brief[::-1], proven]
    assert held(rows, 3, "1.4") == ["1.4", "1.3", "1.0"], (
        "the others served briefly, and nobody saw them good"
    )
    assert held(rows, 2, "1.4", ["1.4", "1.2"]) == ["1.4", "1.2"], "what a slot holds can be gone back to"
