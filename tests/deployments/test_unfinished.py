"""What an emergency puts off is done by `serve` where its watch never comes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.installation import Installation
from deployments import unfinished
from flows.conclude import conclude
from flows.path import take_back, take_back_now
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


@pytest.fixture
def scene(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    made = stage.scene(tmp_path)
    monkeypatch.setattr(unfinished, "document", lambda *_arguments: made.document)
    return made


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


def test_a_report_that_no_watch_wrote_is_written_once(
    scene: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = scene.case(here)
    case.puts_off = True
    conclude(case, take_back_now)
    assert scene.incident().report is None
    assert unfinished.finish_once(here) == []
    monkeypatch.setattr(unfinished, "LATE_S", 0.0)
    assert unfinished.finish_once(here) == [case.incident.id]
    assert unfinished.finish_once(here) == []
    assert len(scene.data("reported")) == 1
    assert len(scene.data("preserved")) == 1


def test_a_run_that_puts_nothing_off_leaves_nothing(
    scene: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.walk(take_back)
    monkeypatch.setattr(unfinished, "LATE_S", 0.0)
    assert unfinished.finish_once(here) == []
