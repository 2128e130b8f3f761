"""`kill -9` before, in and after each step of the path, then a second start: it always ends right, and once only."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from domain.outcomes import Outcome
from flows.path import take_back, take_back_now
from tests.flows.killing import Runs
from tests.flows.stage import ONLY_BLUE_PASSES, Scene, Stage

BEFORE_THE_SWITCH = [
    "survey", "note surveyed", "served", "assess", "keep_plan", "note planned", "announce", "post", "note announced",
    "preserve", "keep logs/blue.log", "keep logs/green.log", "keep configuration/platform.yaml", "keep plan.json",
    "keep state.json", "note preserved", "prepare", "look at the target", "note prepared",
]  # fmt: skip
SWITCH = ["switch", "rename", "note switched"]
VERIFY = ["verify", "note verified"]
GO_BACK = ["go back", "rename 2", "note went back"]
FINISH = [
    "note ending", "settle", "report", "keep timeline.svg", "keep report.md", "reported", "note reported", "tell",
    "post 2", "close",
]  # fmt: skip
SETTLE = ["served 2", "quarantine"]

PATH = [*BEFORE_THE_SWITCH, *SWITCH, *VERIFY, *FINISH, *SETTLE]
WAY_BACK = [*SWITCH, *VERIFY, *GO_BACK, *FINISH, "post 3"]
ACTS = ["survey", "assess", "announce", "preserve", "prepare", "switch", "verify", "settle", "report", "tell"]
EMERGENCY = ["prepare", *SWITCH, *VERIFY, "announce", "note ending", "settle", "close"]
AFTERMATH = [
    "preserve", "keep logs/blue.log", "keep state.json", "note preserved", "report", "keep timeline.svg", "keep report.md",
    "reported", "note reported", "tell", "post 2",
]  # fmt: skip
SAME = "first"
ANOTHER = "by hand"
ENDED = "after close"
"""Then there is nothing left to take over: a new request is a new incident."""


def both(steps: Iterable[str], without: tuple[str, ...] = ()) -> list[str]:
    return [point for step in steps for point in (f"before {step}", f"after {step}") if point not in without]


def each(points: Iterable[str]) -> list[Any]:
    """Every point with a second start of the same run, and by hand with a new one.

    What comes after one step comes before the next: the other half only runs with the full matrix.
    """
    return [
        _case(point, again)
        for point in points
        for again in (SAME, ANOTHER)
        if (point, again) != (ENDED, ANOTHER)
    ]


def _case(point: str, again: str) -> Any:
    when, step = point.split(" ", 1)
    chosen = when == "before" if again == SAME else when == "before" and step in ACTS
    marks = () if chosen or point == ENDED else (pytest.mark.full_matrix,)
    return pytest.param(point, again, id=f"{point}, {again}", marks=marks)


@pytest.fixture
def good(stage: Stage, tmp_path: Path) -> Runs:
    return Runs(stage.scene(tmp_path), take_back, tmp_path)


@pytest.fixture
def spoiled(stage: Stage, tmp_path: Path) -> Runs:
    """The target fails its verification."""
    return Runs(stage.scene(tmp_path, checks=ONLY_BLUE_PASSES), take_back, tmp_path)


@pytest.fixture
def urgent(stage: Stage, tmp_path: Path) -> Runs:
    """Its linked watch does what is put off."""
    return Runs(stage.scene(tmp_path), take_back_now, tmp_path, puts_off=True)


@pytest.fixture
def alone(stage: Stage, tmp_path: Path) -> Runs:
    """An emergency without Prefect: there is no linked run."""
    return Runs(stage.scene(tmp_path), take_back_now, tmp_path)


def assert_ended_once(scene: Scene, outcome: Outcome) -> None:
    """One incident, closed once, with one report, a journal that can be believed, and the application free."""
    incident = scene.incident()
    assert incident.outcome is outcome
    assert [entry["outcome"] for entry in scene.data("closed")] == [outcome]
    assert len(scene.data("planned")) <= 1
    reports = [path for path in scene.home.evidence.rglob("*") if path.name.startswith("report.md")]
    assert [str(path) for path in reports] == [incident.report]
    assert incident.id in scene.report()
    with scene.installation() as here:
        assert here.store.holder(scene.name) is None
        with here.store.database.transaction() as connection:
            rows = connection.execute(
                "SELECT message ->> 'moment' AS moment FROM outbox WHERE incident = %s", [incident.id]
            )
            moments = [row["moment"] for row in rows]
    assert len(set(moments)) == len(moments)
    assert {"started", "ended"} <= set(moments)


def assert_rolled_back_once(runs: Runs) -> None:
    scene = runs.scene
    assert scene.stage.serving() == "green"
    assert runs.renames() == 1
    [switched] = scene.data("switched")
    assert (switched["receipt"]["before"], switched["receipt"]["after"]) == ("blue", "green")
    verified = scene.data("verified")
    assert verified
    assert all(entry["ok"] and entry["slot"] == "green" for entry in verified)
    assert_ended_once(scene, Outcome.ROLLED_BACK)
    with scene.installation() as here:
        found = {kept.version: kept.quarantined_by for kept in here.store.releases(scene.name)}
    assert found == {"2.0": scene.incident().id, "1.0": None}


def assert_went_back_once(runs: Runs) -> None:
    scene = runs.scene
    assert scene.stage.serving() == "blue"
    assert runs.renames() == 2
    assert len(scene.data("switched")) == 1
    assert len(scene.data("went back")) == 1
    assert not any(entry["ok"] for entry in scene.data("verified"))
    assert_ended_once(scene, Outcome.WENT_BACK)
    with scene.installation() as here:
        assert not any(kept.quarantined_by for kept in here.store.releases(scene.name))


def test_these_are_all_points_of_the_path(good: Runs) -> None:
    good.start()
    assert sorted(good.points()) == sorted(both(PATH))
    assert_rolled_back_once(good)


def test_these_are_all_points_of_the_way_back(spoiled: Runs) -> None:
    spoiled.start()
    points = spoiled.points()
    after = points[points.index("before switch") :]
    assert sorted(after) == sorted(both(WAY_BACK, without=("after verify",)))
    assert_went_back_once(spoiled)


@pytest.mark.parametrize(("point", "again"), each(both(PATH)))
def test_killed_on_the_path(good: Runs, point: str, again: str) -> None:
    good.start(dies_at=point)
    good.start(again)
    assert_rolled_back_once(good)


@pytest.mark.parametrize(("point", "again"), each(both(WAY_BACK, without=("after verify",))))
def test_killed_on_the_way_back(spoiled: Runs, point: str, again: str) -> None:
    spoiled.start(dies_at=point)
    spoiled.start(again)
    assert_went_back_once(spoiled)


@pytest.mark.parametrize(("point", "again"), each(both(EMERGENCY)))
def test_killed_in_an_emergency(urgent: Runs, point: str, again: str) -> None:
    urgent.start(dies_at=point)
    urgent.start(again)
    assert_rolled_back_once(urgent)


@pytest.mark.parametrize("point", both(AFTERMATH))
def test_killed_in_what_an_emergency_puts_off(urgent: Runs, point: str) -> None:
    urgent.start(dies_at=point)
    urgent.start()
    assert_rolled_back_once(urgent)
    assert len(urgent.scene.data("closed")) == 1


def test_an_emergency_ends_before_evidence_report_and_last_words(urgent: Runs) -> None:
    urgent.start()
    points = urgent.points()
    assert points.index("after announce") < points.index("before note ending")
    assert points.index("after close") < points.index("before preserve")
    assert [entry["put_off"] for entry in urgent.scene.data("ending")] == [True]
    urgent.start()
    assert points == urgent.points()
    assert_rolled_back_once(urgent)


def test_an_emergency_without_a_linked_run_ends_with_all_of_it(alone: Runs) -> None:
    alone.start()
    points = alone.points()
    assert points.index("after preserve") < points.index("after tell") < points.index("before close")
    assert_rolled_back_once(alone)


def test_killed_at_every_act_in_turn(good: Runs) -> None:
    for number, act in enumerate(ACTS):
        good.start("first" if number % 2 else f"run {number}", dies_at=f"after {act}")
    good.start()
    assert_rolled_back_once(good)


@pytest.mark.full_matrix
def test_killed_again_and_again_on_the_way_back(spoiled: Runs) -> None:
    for point in ("after note verified", "before go back", "after rename", "before settle", "after tell"):
        spoiled.start(dies_at=point)
    spoiled.start()
    assert_went_back_once(spoiled)
