from dataclasses import dataclass, field

import pytest

from deployments.admission import WATCH_PLACES, admitted
from deployments.catalog import CATALOG, EMERGENCY_TAG, WATCH_TAG


@dataclass
class Run:
    name: str
    tags: list[str] = field(default_factory=list)


ROLLBACK, OTHER = Run("rollback"), Run("other")
EMERGENCY = Run("emergency", [EMERGENCY_TAG])
WATCH = Run("watch", [WATCH_TAG])


@pytest.mark.parametrize(
    ("waiting", "acting", "watching", "chosen"),
    [
        ([ROLLBACK, OTHER], 0, 0, ["rollback", "other"]),
        ([ROLLBACK, OTHER], 2, 0, ["rollback"]),
        ([ROLLBACK, EMERGENCY], 3, 0, ["emergency"]),
        ([ROLLBACK, EMERGENCY], 4, 0, []),
        ([ROLLBACK], 0, WATCH_PLACES, ["rollback"]),
        ([WATCH, ROLLBACK], 2, 9, ["watch", "rollback"]),
        ([WATCH], 4, WATCH_PLACES, []),
    ],
)
def test_four_places_and_who_gets_one(
    waiting: list[Run], acting: int, watching: int, chosen: list[str]
) -> None:
    found = admitted(waiting, acting=acting, watching=watching, places=4)
    assert [run.name for run in found] == chosen


def test_the_watch_after_a_rollback_is_known_as_one() -> None:
    assert [entry.name for entry in CATALOG if WATCH_TAG in entry.tags] == ["soak"]
