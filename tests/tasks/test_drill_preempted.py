"""A drill whose fault is seen twice: first by a trigger that asks people, then by one that asks nobody, and goes before it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocks.installation import Installation
from domain.outcomes import Outcome
from domain.severity import Severity
from flows.path import take_back
from tasks import drill as steps
from tasks.case import Case
from tasks.drill_case import DrillCase
from tests.blocks.waiting import wait_until
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    fault = {"inject": ["true"], "undo": ["true"]}
    return stage.scene(tmp_path, drill={"faults": {"none": fault}, "patience_s": 60})


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


@pytest.fixture
def drilled(scene: Scene, here: Installation) -> DrillCase:
    made = steps.new(scene.document, f"{scene.name} a run", "none", by="ann", via="cli", reason="")
    return steps.opened(here, scene.document, made.model_copy(update={"slot": "blue"}))


@pytest.fixture
def waiting(scene: Scene, here: Installation, drilled: DrillCase) -> Case:
    """What the drill found: people are asked about a slow page."""
    found = scene.case(here, "a slow page", via="automation", severity=Severity.HIGH)
    here.store.wait(found.hold, datetime.now(UTC) + timedelta(hours=1))
    assert steps.found(drilled) == found.incident
    return found


def test_what_goes_before_its_incident_is_the_drills_too_and_its_end_counts(
    scene: Scene, here: Installation, drilled: DrillCase, waiting: Case
) -> None:
    urgent = scene.case(here, "no health", via="automation")
    assert here.store.incident(waiting.incident.id).outcome is Outcome.SUPERSEDED
    assert urgent.request.drill == drilled.drill.id
    here.store.close(urgent.hold, Outcome.ROLLED_BACK)
    over = steps.ended(drilled, waiting.incident)
    assert over is not None
    assert over.id == drilled.drill.incident == urgent.incident.id
    assert drilled.drill.outcome is Outcome.ROLLED_BACK


def _comes(scene: Scene) -> Case:
    """From another process, as good as: with a store of its own."""
    with scene.installation() as theirs:
        return scene.case(theirs, "no health", via="automation")


def test_what_came_while_its_incident_acted_and_goes_before_it_later_is_too(
    scene: Scene, here: Installation, drilled: DrillCase
) -> None:
    found = scene.case(here, "a slow page", via="automation", severity=Severity.HIGH)
    assert steps.found(drilled) == found.incident
    with ThreadPoolExecutor(1) as pool:
        urgent = pool.submit(_comes, scene)
        wait_until(lambda: "joined" in [entry.kind for entry in here.store.entries(found.incident.id)], "it")
        here.store.wait(found.hold, datetime.now(UTC) + timedelta(hours=1))
        came = urgent.result(30)
    assert came.incident != found.incident
    assert came.request.drill == drilled.drill.id
    here.store.close(came.hold, Outcome.ROLLED_BACK)
    assert steps.ended(drilled, found.incident) is not None
    assert drilled.drill.outcome is Outcome.ROLLED_BACK


def test_what_a_person_starts_is_not(
    scene: Scene, here: Installation, drilled: DrillCase, waiting: Case
) -> None:
    emergency = scene.case(here, "a person", via="cli")
    assert emergency.request.drill == ""
    assert steps.ended(drilled, waiting.incident) is not None
    assert drilled.drill.outcome is Outcome.SUPERSEDED
    here.store.close(emergency.hold, Outcome.ROLLED_BACK)


def test_what_joins_it_is_no_second_incident(
    scene: Scene, here: Installation, drilled: DrillCase, waiting: Case
) -> None:
    assert scene.walk(take_back, "as slow", via="automation", severity=Severity.HIGH) is None
    assert drilled.drill.incident == waiting.incident.id
    here.store.close(waiting.hold, Outcome.ROLLED_BACK)
    assert steps.ended(drilled, waiting.incident) is not None
    assert drilled.drill.outcome is Outcome.ROLLED_BACK
