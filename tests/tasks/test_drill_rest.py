"""A drill begins where what finds its fault would start a run: it waits behind another drill, and not behind what was in earnest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.store import alerts
from domain.errors import Conflict
from domain.outcomes import Outcome
from domain.reaction import Result
from tasks import drill as steps
from tasks.drill_case import DrillCase
from tasks.drill_rest import rest
from tests.deployments.alerting import passed, received
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


def scene_of(stage: Stage, folder: Path, **limits: Any) -> Scene:
    faults = {"faults": {"none": {"inject": ["true"], "undo": ["true"]}}, "patience_s": 120}
    return stage.scene(folder, drill=faults, alerts=limits)


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return scene_of(stage, tmp_path, cool_down_s=300)


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


def drilled(scene: Scene, here: Installation) -> DrillCase:
    made = steps.new(scene.document, f"{scene.name} a run", "none", by="ann", via="cli", reason="")
    return steps.opened(here, scene.document, made.model_copy(update={"slot": "blue"}))


def started(scene: Scene, here: Installation, *, urgent: bool = True) -> None:
    """An alert starts a run; its incident has ended since, a drill's where one is under way."""
    case = scene.case(here, "by an alert", via="automation")
    row = received(scene.name).model_copy(update={"urgent": urgent})
    with here.store.database.transaction() as connection:
        alerts.keep(connection, row, Result.STARTED, None, case.incident.id)
    here.store.close(case.hold, Outcome.HELD)


def test_behind_another_drill_it_waits_until_an_alert_is_no_more_the_earlier_ones(
    scene: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = drilled(scene, here)
    started(scene, here)
    waits = iter([True, False])

    def pause(_seconds: float) -> None:
        assert next(waits), "half a minute has passed"
        passed(here, 31)

    monkeypatch.setattr("tasks.drill_rest.time.sleep", pause)
    rest(case)
    assert next(waits) is False, "it waited once"


def test_after_a_start_in_earnest_it_is_refused_and_told_for_how_long(
    scene: Scene, here: Installation
) -> None:
    started(scene, here)
    passed(here, 100)
    case = drilled(scene, here)
    with pytest.raises(Conflict, match=r"another (1\d\d|200) s after the last start .`alerts.cool_down_s`"):
        rest(case)
    passed(here, 201)
    rest(case)


def test_after_one_that_asked_people_what_is_urgent_would_start(scene: Scene, here: Installation) -> None:
    started(scene, here, urgent=False)
    passed(here, 31)
    rest(drilled(scene, here))


def test_where_the_day_has_had_its_starts_it_is_refused(stage: Stage, tmp_path: Path) -> None:
    capped = scene_of(stage, tmp_path, cool_down_s=0, per_day=1)
    with capped.installation() as here:
        started(capped, here)
        with pytest.raises(Conflict, match=r"at its 1 starts of 24 hours"):
            rest(drilled(capped, here))
