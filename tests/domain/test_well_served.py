"""When a release was seen to serve well for long enough to be evidence."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.well_served import FURTHER_S, WellServed

START = datetime(2026, 11, 1, tzinfo=UTC)


def seconds(well: WellServed, clock: float, release: str | None = "1.0", *, ok: bool = True) -> float | None:
    """How long it was good, where that is noted after this look."""
    span = well.take(release, well=ok, clock=clock, at=START + timedelta(seconds=clock))
    return (span[1] - span[0]).total_seconds() if span else None


def test_it_takes_so_long_without_a_break() -> None:
    well = WellServed(60)
    assert [seconds(well, clock) for clock in (0, 30, 60, 65)] == [None, None, 60, None]
    assert seconds(well, 60 + FURTHER_S) == 60 + FURTHER_S


@pytest.mark.parametrize(("release", "ok"), [("1.0", False), ("2.0", True), (None, True)])
def test_whatever_comes_between_begins_it_anew(release: str | None, ok: bool) -> None:
    well = WellServed(60)
    seconds(well, 0)
    seconds(well, 30, release, ok=ok)
    assert seconds(well, 60) is None
    assert seconds(well, 90) is None
    assert seconds(well, 120) == 60
