"""A backup was restored beside for a plan that did not come about: it leaves the disk, and nothing else does."""

from pathlib import Path

import pytest

from domain.consent import Answer
from domain.database.wish import Wish
from domain.outcomes import Outcome
from flows.database_path import mend_database
from tasks.case import Case
from tests.flows.demo_stage import DemoScene, DemoStage
from tests.flows.killing import Runs
from tests.flows.seeds import ENTRIES
from tests.flows.test_data_corruption import ALL, CORRUPT, found
from tests.flows.test_kill_points import ANOTHER, SAME
from tests.flows.test_migration_failure import answered, failed

pytestmark = pytest.mark.usefixtures("patient")


def corrupted(demo: DemoStage, folder: Path, rows: int = 0) -> DemoScene:
    """As many rows may be missing in what is restored."""
    scene = found(demo, folder, Wish(accept_data_loss=rows))
    scene.query(CORRUPT)
    return scene


def beside(scene: DemoScene) -> str:
    return str(scene.data("studied")[-1]["study"]["beside"]["database"])


def test_a_plan_that_is_held_leaves_nothing(demo: DemoStage, tmp_path: Path) -> None:
    scene = corrupted(demo, tmp_path)
    assert scene.walk(mend_database) is Outcome.HELD
    assert scene.data("dropped beside") == [{"database": beside(scene)}]
    assert scene.databases() == []
    assert len(scene.titles()) == ENTRIES


def test_a_plan_that_is_rejected_leaves_nothing(demo: DemoStage, tmp_path: Path) -> None:
    scene = failed(demo, tmp_path, "wrong_down", backed_up=True)
    scene.query("INSERT INTO entries (user_id, title, content) VALUES (1, 'written since', '')")
    assert scene.walk(answered(0, Answer.REJECT)) is Outcome.REJECTED
    assert scene.data("dropped beside") == [{"database": beside(scene)}]
    assert scene.databases() == []
    assert "written since" in scene.titles()


def test_what_was_swapped_in_and_what_was_kept_stay(demo: DemoStage, tmp_path: Path) -> None:
    scene = corrupted(demo, tmp_path, ALL)
    assert scene.walk(mend_database) is Outcome.RESTORED
    assert scene.data("dropped beside") == []
    [kept] = scene.databases()
    assert "" in scene.titles(kept)
    assert "" not in scene.titles()


def test_one_that_somebody_looks_at_stays_and_the_incident_ends(
    demo: DemoStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = corrupted(demo, tmp_path)
    looking = []

    def look(case: Case) -> None:
        try:
            mend_database(case)
        finally:
            looking.append(demo.cluster.connect(beside(scene)))

    monkeypatch.setattr("tasks.act.RETRY_S", [])
    assert scene.walk(look) is Outcome.HELD
    looking.pop().close()
    assert scene.databases() == [beside(scene)]
    assert "is still in use by postgres@local" in scene.data("act failed")[-1]["error"]


@pytest.mark.parametrize(
    ("point", "again"),
    [
        ("before database discard", ANOTHER),
        ("after database discard", SAME),
        pytest.param("before drop beside", SAME, marks=pytest.mark.full_matrix),
        pytest.param("after note dropped beside", ANOTHER, marks=pytest.mark.full_matrix),
    ],
)
def test_killed_at_the_drop_it_ends_all_the_same(
    demo: DemoStage, tmp_path: Path, point: str, again: str
) -> None:
    scene = corrupted(demo, tmp_path)
    runs = Runs(scene, mend_database, tmp_path)
    runs.start(dies_at=point)
    runs.start(again)
    assert scene.incident().outcome is Outcome.HELD
    assert scene.databases() == []
    assert len(scene.titles()) == ENTRIES
