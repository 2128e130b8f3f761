"""Which backups stay."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.database.backup import Backup, Manifest
from domain.database.retention import Retention

SUNDAY = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)


def backup(at: datetime, database: str = "shop", problems: list[str] | None = None) -> Backup:
    manifest = Manifest(
        application="shop/production",
        database=database,
        label="scheduled",
        server_version="18.1",
        dumped_with="18.1",
        snapshot_at=at,
        started=at,
        ended=at,
    )
    name = f"{database}-scheduled-{at:%Y%m%dT%H%M%S}"
    return Backup(
        name=name, path=f"/backups/{name}", taken_at=at, bytes=1, manifest=manifest, problems=problems or []
    )


def every(step: timedelta, count: int) -> list[Backup]:
    """Newest first, from a Sunday back."""
    return [backup(SUNDAY - step * number) for number in range(count)]


def kept(retention: Retention, backups: list[Backup], keep: tuple[str, ...] = ()) -> list[Backup]:
    gone = retention.superfluous(backups, keep)
    return [each for each in backups if each not in gone]


def test_the_last_stay() -> None:
    backups = every(timedelta(minutes=1), 5)
    assert kept(Retention(last=2, daily=0, weekly=0), backups) == backups[:2]


def test_the_newest_of_each_day_stays() -> None:
    backups = every(timedelta(hours=3), 24)
    days = [each.taken_at for each in kept(Retention(last=1, daily=3, weekly=0), backups)]
    assert days == [SUNDAY, SUNDAY - timedelta(hours=6), SUNDAY - timedelta(hours=30)]


def test_the_newest_of_each_week_stays() -> None:
    backups = every(timedelta(days=1), 20)
    weeks = [each.taken_at for each in kept(Retention(last=1, daily=0, weekly=3), backups)]
    assert weeks == [SUNDAY, SUNDAY - timedelta(days=7), SUNDAY - timedelta(days=14)]


def test_days_without_a_backup_do_not_count() -> None:
    backups = every(timedelta(days=10), 4)
    assert kept(Retention(last=1, daily=3, weekly=0), backups) == backups[:3]


def test_days_are_those_of_utc() -> None:
    late = SUNDAY.replace(hour=23).astimezone(UTC)
    east = datetime.fromisoformat("2026-11-23T00:30:00+02:00")  # 22:30 of the same day
    assert kept(Retention(last=1, daily=7, weekly=0), [backup(late), backup(east)]) == [backup(late)]


def test_each_database_has_its_own() -> None:
    ours, others = every(timedelta(days=1), 3), [backup(SUNDAY - timedelta(days=400), "billing")]
    assert kept(Retention(last=1, daily=0, weekly=0), [*ours, *others]) == [ours[0], *others]


def test_what_is_named_stays() -> None:
    backups = every(timedelta(days=1), 4)
    assert kept(Retention(last=1, daily=0, weekly=0), backups, (backups[3].name,)) == [backups[0], backups[3]]


def test_one_with_problems_neither_goes_nor_counts() -> None:
    broken = backup(SUNDAY + timedelta(days=1), problems=["file toc.dat is missing"])
    good = backup(SUNDAY)
    assert kept(Retention(last=1, daily=0, weekly=0), [broken, good]) == [broken, good]


def test_the_dump_of_somebody_else_stays() -> None:
    foreign = Backup(name="old.sql.gz", path="/backups/old.sql.gz", taken_at=SUNDAY, bytes=1)
    assert kept(Retention(last=1, daily=0, weekly=0), [foreign, backup(SUNDAY)])[0] == foreign


def test_to_keep_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="last"):
        Retention(last=0)


@given(
    st.lists(st.integers(0, 10**8), unique=True, max_size=40),
    st.integers(1, 5),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_whatever_is_asked_the_newest_stay_and_no_more_than_asked(
    ages_s: list[int], last: int, daily: int, weekly: int
) -> None:
    backups = [backup(SUNDAY - timedelta(seconds=age)) for age in sorted(ages_s)]
    stay = kept(Retention(last=last, daily=daily, weekly=weekly), backups)
    assert stay[:last] == backups[:last]
    assert len(stay) <= last + daily + weekly
    assert kept(Retention(last=last, daily=daily, weekly=weekly), stay) == stay
