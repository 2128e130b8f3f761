from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from deployments.admission import GIVES_WAY, WATCH_PLACES, admitted
from deployments.catalog import CATALOG, EMERGENCY_TAG, WATCH_TAG

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


@dataclass
class Run:
    name: str
    tags: list[str] = field(default_factory=list)
    expected_start_time: datetime | None = NOW


ROLLBACK, OTHER = Run("rollback"), Run("other")
EMERGENCY = Run("emergency", [EMERGENCY_TAG])
WATCH = Run("watch", [WATCH_TAG])
LATE_WATCH = Run("late watch", [WATCH_TAG], NOW - GIVES_WAY)


@pytest.mark.parametrize(
    ("waiting", "acting", "watching", "chosen"),
    [
        ([ROLLBACK, OTHER], 0, 0, ["rollback", "other"]),
        ([ROLLBACK, OTHER], 2, 0, ["rollback"]),
        ([ROLLBACK, EMERGENCY], 3, 0, ["emergency"]),
        ([ROLLBACK, EMERGENCY], 4, 0, []),
        ([ROLLBACK], 0, WATCH_PLACES, ["rollback"]),
        ([WATCH], 0, 9, ["watch"]),
        ([WATCH, ROLLBACK], 0, 0, ["rollback"]),
        ([WATCH], 1, 0, []),
        ([LATE_WATCH, ROLLBACK], 2, 9, ["rollback", "late watch"]),
        ([LATE_WATCH], 4, 9, ["late watch"]),
        ([LATE_WATCH], 0, WATCH_PLACES, []),
    ],
)
def test_four_places_and_who_gets_one(
    waiting: list[Run], acting: int, watching: int, chosen: list[str]
) -> None:
    found = admitted(waiting, acting=acting, watching=watching, places=4, now=NOW)
    assert [run.name for run in found] == chosen


def test_the_watch_and_the_follow_ups_of_a_rollback_are_known_as_what_only_looks() -> None:
    watching = [entry.name for entry in CATALOG if WATCH_TAG in entry.tags]
    assert watching == ["soak", "follow-up", "drill", "readiness"]
