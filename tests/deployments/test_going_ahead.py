"""Which runs go ahead of Prefect, and that whatever happens there the run itself begins."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun

from blocks.home import Home
from deployments import going_ahead
from deployments.going_ahead import STORM, Early, early_of, go_ahead
from flows.rollback import rollback

BLOCK = {"$ref": {"block_document_id": "b1"}}
BY_ALERT = {"application": BLOCK, "via": "automation", "detection": "d1", "issue": "service-outage"}


def run(**changes: Any) -> FlowRun:
    fields: dict[str, Any] = {"flow_id": uuid.uuid4(), "parameters": BY_ALERT, **changes}
    return FlowRun(**fields)


def runs(count: int) -> set[uuid.UUID]:
    return {uuid.uuid4() for _ in range(count)}


def test_in_a_storm_what_an_alert_started_goes_ahead() -> None:
    early = early_of(run(), runs(STORM))
    assert early == Early("b1", {key: value for key, value in BY_ALERT.items() if key != "application"}, "")
    assert early_of(run(), runs(STORM - 1)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"run_count": 1},
        {"parameters": {**BY_ALERT, "via": "ui"}},
        {"parameters": {**BY_ALERT, "detection": ""}},
        {"parameters": {**BY_ALERT, "application": "shop/production"}},
        {"parameters": {}},
    ],
)
def test_what_was_begun_and_what_a_person_started_does_not(changes: dict[str, Any]) -> None:
    assert early_of(run(**changes), runs(20)) is None


def test_where_it_fails_the_run_begins_at_once_and_its_log_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BACKOUT_HOME", str(Home(tmp_path).ensure().root))
    monkeypatch.setattr(going_ahead, "wait_for_users", lambda *_: pytest.fail("nobody is served"))
    go_ahead(rollback, "a run", Early("b1", {"detection": "d1"}, ""))
    assert "Traceback" in capsys.readouterr().err
