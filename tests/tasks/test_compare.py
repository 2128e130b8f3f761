"""Timing a slot: failing answers are no fast ones."""

from pathlib import Path

from domain.findings import Verdict
from tasks.compare import response_time
from tasks.look import place_of
from tests.flows.stage import Stage


def test_failing_answers_are_not_timed(stage: Stage, tmp_path: Path) -> None:
    document = stage.scene(tmp_path).document
    slot = stage.platform.slot("green")
    well = response_time(document.health, place_of(document, slot))
    assert well.ok
    assert well.value is not None
    (stage.folder / "green.unhealthy").touch()
    failing = response_time(document.health, place_of(document, slot))
    assert (failing.verdict, failing.value) == (Verdict.NO_DATA, None)
