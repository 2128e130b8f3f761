"""A drill whose run has ended without it is cleaned up by `serve`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocks.installation import Installation
from blocks.store import drills
from deployments import left_drills
from deployments.prefect_api import PrefectApi, RunState
from tasks import drill as steps
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


class Api:
    """A Prefect that says how each run stands; one that it does not know it forgot."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}

    def __enter__(self) -> "Api":  # noqa: PYI034
        return self

    def __exit__(self, *_error: object) -> None:
        return

    def state(self, run: str) -> RunState:
        return RunState(self.states[run], "", "")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    api = Api()
    monkeypatch.setattr(PrefectApi, "find", lambda _home: api)
    return api


@pytest.fixture
def scene(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    marker = str(tmp_path / "marker")
    fault = {"inject": ["touch", marker], "undo": ["rm", "-f", marker]}
    made = stage.scene(tmp_path, drill={"faults": {"marker": fault}})
    monkeypatch.setattr(left_drills, "document", lambda *_arguments: made.document)
    return made


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


def left(scene: Scene, here: Installation, tmp_path: Path, seconds: float) -> str:
    """A drill that broke what serves; its time is over so many seconds from now."""
    wanted = steps.new(scene.document, f"run of {scene.name}", "marker", by="", via="cli", reason="")
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    case = steps.opened(here, scene.document, wanted.model_copy(update={"until": until, "slot": "blue"}))
    steps.inject(case)
    assert (tmp_path / "marker").exists()
    return case.drill.run


def test_the_fault_of_a_cancelled_run_is_undone_once(
    scene: Scene, here: Installation, api: Api, tmp_path: Path
) -> None:
    run = left(scene, here, tmp_path, 600)
    api.states[run] = "RUNNING"
    assert scene.name not in ended(here)
    assert (tmp_path / "marker").exists()
    api.states[run] = "CANCELLED"
    assert ended(here) == [scene.name]
    assert not (tmp_path / "marker").exists()
    assert ended(here) == []


def test_one_that_prefect_forgot_is_ended_when_its_time_is_over(
    scene: Scene, here: Installation, api: Api, tmp_path: Path
) -> None:
    assert api.states == {}
    left(scene, here, tmp_path, -1)
    assert ended(here) == [scene.name]
    assert drills.past(here.store.database, scene.name)[0].problems == ["killed in `inject`"]


def ended(here: Installation) -> list[str]:
    """The applications whose drills this look ended."""
    names = {one.id: one.application for one in drills.open_ones(here.store.database)}
    return [names[one] for one in left_drills.end_once(here)]
