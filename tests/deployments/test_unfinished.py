"""What an emergency puts off is done by `serve` where its watch never comes, and what Prefect did not take is scheduled later."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments import unfinished
from deployments.prefect_api import PrefectApi
from domain.follow_up import Step, key
from flows import prefect_runs
from flows.conclude import conclude
from flows.path import take_back, take_back_now
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]

BLOCK = {"$ref": {"block_document_id": "one"}}


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


def keep_applied(scene: Scene, here: Installation, **policy: Any) -> None:
    document = {**scene.raw, "policy": {"preset": "default", **policy}}
    configurations.keep(here.store.database, Applied(scene.name, document, "digest", "a test"), "sam")


@pytest.fixture
def scheduled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that Prefect was asked for; it answers an error to the first."""
    keys: list[str] = []

    def start_later(_deployment: str, fields: dict[str, Any], _at: datetime, key: str) -> None:
        assert fields["application"] == BLOCK
        keys.append(key)
        if len(keys) == 1:
            raise httpx.ConnectError("away")

    api = SimpleNamespace(application_block=lambda _application: BLOCK)
    monkeypatch.setattr(PrefectApi, "find", lambda _home: nullcontext(api))
    monkeypatch.setattr(unfinished, "prefect_settings", lambda _home: nullcontext())
    monkeypatch.setattr(unfinished, "UNSCHEDULED_S", 0.0)
    monkeypatch.setattr(prefect_runs, "start_later", start_later)
    return keys


def test_follow_ups_that_prefect_did_not_take_are_scheduled_later_and_once(
    scene: Scene, here: Installation, scheduled: list[str]
) -> None:
    scene.walk(take_back_now)
    keep_applied(scene, here)
    incident = scene.incident().id
    assert unfinished.schedule_once(here) == []
    assert unfinished.schedule_once(here) == [incident]
    assert scheduled[1:] == [key(step, incident) for step in Step]
    [noted] = scene.data("follow-ups scheduled")
    assert set(noted["due"]) == set(Step)
    assert unfinished.schedule_once(here) == []


def test_where_follow_ups_are_off_none_are_scheduled_later(
    scene: Scene, here: Installation, scheduled: list[str]
) -> None:
    scene.walk(take_back_now)
    keep_applied(scene, here, follow_ups={"enabled": False})
    assert unfinished.schedule_once(here) == []
    assert scheduled == []
