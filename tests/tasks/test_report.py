"""How a report is shown in Prefect."""

import re
from pathlib import Path

import pytest

from domain.outcomes import Outcome
from flows.path import take_back
from tasks import report
from tasks.report import link_key
from tests.flows.stage import Stage

INCIDENT = "20261122-031502-shop-production-4f2a"


def test_each_dashboard_has_a_key_of_its_own_that_prefect_takes() -> None:
    names = ["report", "checks", "Übersicht", "ダッシュボード", "監視", "a b", "a-b"]
    keys = [link_key(number, name, INCIDENT) for number, name in enumerate(names, 1)]
    assert len({*keys, f"report-{INCIDENT}", f"checks-{INCIDENT}"}) == len(names) + 2
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in keys)


def test_prefect_away_stops_neither_report_nor_run(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object) -> None:
        raise ConnectionError("all connection attempts failed")

    monkeypatch.setattr(report, "in_flow", lambda: True)
    monkeypatch.setattr(report, "_create_artifacts", away)
    scene = stage.scene(tmp_path)
    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    assert "checkout is broken" in scene.report()
    assert any("ConnectionError" in entry["error"] for entry in scene.data("act failed"))
