import pytest

from domain.database.backup import Backup
from domain.database.data_state import SMOKE, judged, lost_tables
from domain.database.wish import DataState
from domain.findings import Finding, Verdict
from tests.domain.database.test_way_back import backup


def holding(rows: int, *, sound: bool = True) -> Backup:
    made = backup(sound=sound)
    assert made.manifest is not None
    return made.model_copy(
        update={"manifest": made.manifest.model_copy(update={"rows": {"public.users": rows}})}
    )


def query(verdict: Verdict) -> Finding:
    return Finding(name=f"{SMOKE}: SELECT true", on="database", verdict=verdict, said="")


@pytest.mark.parametrize(
    ("rows", "verdict", "state"),
    [
        (100, Verdict.OK, DataState.INTACT),
        (50, Verdict.OK, DataState.INTACT),
        (49, Verdict.OK, DataState.LOST),
        (0, Verdict.OK, DataState.LOST),
        (100, Verdict.BAD, DataState.CORRUPTED),
        (0, Verdict.BAD, DataState.LOST),
    ],
)
def test_lost_is_less_than_half_of_the_backup_and_corrupted_what_a_query_finds(
    rows: int, verdict: Verdict, state: DataState
) -> None:
    assert judged([query(verdict)], {"public.users": rows}, [holding(100)]) is state


def test_a_table_that_is_gone_is_lost() -> None:
    assert lost_tables({}, [holding(100)]) == ["public.users has 0 of 100 rows"]


def test_a_broken_backup_says_nothing_and_the_newest_sound_one_does() -> None:
    backups = [holding(1000, sound=False), holding(10), holding(1000)]
    assert lost_tables({"public.users": 10}, backups) == []


def test_without_a_backup_nothing_is_known_to_be_lost() -> None:
    assert judged([query(Verdict.OK)], {}, []) is DataState.INTACT


def test_sessions_that_wait_are_no_corruption() -> None:
    waits = Finding(name="waiting locks", on="database", verdict=Verdict.BAD, said="")
    assert judged([waits], {}, []) is DataState.INTACT
