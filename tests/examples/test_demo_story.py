"""The demo as a person sees it: whole, side by side, with a question, left up, interrupted, broken."""

import json
import os
import re
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.demo.document import APPLICATION
from examples.demo.waiting import wait_until
from tests.examples.demo_process import CHECKOUT, Demo, command, demo

TIMES = ("detect_s", "decide_s", "switch_s", "verify_s", "alert_to_switch_s")
INTERRUPTED = {signal.SIGINT: 130, signal.SIGTERM: 143}


def assert_taken_back(told: Demo, figures: dict[str, Any]) -> None:
    assert figures["outcome"] == "rolled_back", told.said()
    assert figures["verified"] is True
    assert (figures["serving_before"], figures["serving_after"]) == ("2.0", "1.0")
    assert figures["requests"] >= 450
    assert figures["failed_requests"] == 0
    assert figures["release_errors"] > 0
    assert all(figures[name] >= 0 for name in TIMES)
    report = Path(figures["report"]).read_text()
    assert "flappyjournal/production" in report
    assert (Path(figures["report"]).parent / "timeline.svg").exists()


def assert_only_reports_are_left(told: Demo) -> None:
    assert told.running() == {}
    assert told.left_behind() == [told.folder.name]
    assert [entry.name for entry in told.folder.iterdir()] == ["reports"]


@pytest.mark.full_matrix
def test_two_side_by_side_one_of_them_asks(tmp_path: Path) -> None:
    files = [tmp_path / "plain.json", tmp_path / "asks.json"]
    with demo("--json", str(files[0])) as plain, demo("--json", str(files[1]), "--ask") as asks:
        assert [(told.wait(), told.said()) for told in (plain, asks) if told.wait()] == []
        for told, file in zip((plain, asks), files, strict=True):
            figures = json.loads(file.read_text())
            assert_taken_back(told, figures)
            assert figures["report"] in told.said()
            assert_only_reports_are_left(told)
        assert "severity  high" in asks.said()
        assert "backout approve" in asks.said()
        assert "backout approve" not in plain.said()


@pytest.mark.full_matrix
def test_it_can_be_left_up_and_ended_later() -> None:
    with demo("--keep") as told:
        assert told.wait() == 0, told.said()
        address = re.search(r"application +(http://\S+)", told.said())
        ui = re.search(r"Prefect's UI +(http://\S+)", told.said())
        log_in = re.search(r"its log-in +the line in (\S+)", told.said())
        assert address
        assert ui
        assert log_in
        health = httpx.get(f"{address[1]}/api/health", trust_env=False).json()
        assert (health["version"], health["status"]) == ("1.0", "healthy")
        key = Path(log_in[1])
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert key.read_text() not in told.said()
        assert httpx.get(ui[1], trust_env=False, follow_redirects=True).status_code == 200
        assert httpx.get(f"{ui[1]}/api/flows/count", trust_env=False).status_code in (401, 405)
        environment = told.folder / "environment"
        status = 'set -e; . "$0"; exec "$@"'
        shown = subprocess.run(
            ["sh", "-c", status, str(environment), *command()[:-1], "status", "--json"],
            cwd=CHECKOUT,
            capture_output=True,
            check=True,
        )
        assert json.loads(shown.stdout)[0]["incidents"][0]["outcome"] == "rolled_back"
        drill = ["sh", "-c", status, str(environment), *command()[:-1], "drill", APPLICATION, "--json"]
        drilled = subprocess.run(drill, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert drilled.returncode == 0, drilled.stdout + drilled.stderr
        down = command("--down", str(told.folder))
        subprocess.run(down, cwd=CHECKOUT, check=True, capture_output=True)
        assert_only_reports_are_left(told)
        assert subprocess.run(down, cwd=CHECKOUT, capture_output=True, check=False).returncode == 2


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param("Backout's demo", signal.SIGINT, marks=pytest.mark.full_matrix),
        pytest.param("1.0 in blue", signal.SIGINT, marks=pytest.mark.full_matrix),
        pytest.param("2.0 to green", signal.SIGTERM, marks=pytest.mark.full_matrix),
        pytest.param("start the rollback", signal.SIGINT, marks=pytest.mark.full_matrix),
    ],
)
def test_an_interrupted_one_leaves_nothing(moment: str, number: signal.Signals) -> None:
    with demo() as told:
        told.wait_until_said(moment)
        told.interrupt(number)
        assert told.wait() == INTERRUPTED[number], told.said()
        assert told.running() == {}
        assert told.left_behind() == []
        assert "Traceback" not in told.said()


def test_a_failure_is_shown_with_the_log_that_helps() -> None:
    with demo() as told:
        told.wait_until_said("1.0 in blue")
        [serve] = [pid for pid, words in told.running().items() if words.endswith("deployments.cli serve ")]
        os.kill(serve, signal.SIGKILL)
        assert told.wait() == 1
        assert "the demo failed" in told.said()
        assert "backout serve: ended with -9" in told.said()
        wait_until(lambda: not told.running(), "the end of all processes")
        assert (told.folder / "logs" / "serve.log").exists()
        assert not (told.folder / "home").exists()
        assert "Traceback" not in told.said()


def test_a_file_that_cannot_be_written_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with demo("--json", str(tmp_path / "nowhere" / "figures.json")) as told:
        assert told.wait() == 2
        assert "nowhere/figures.json" in told.said().replace("\n", "")
        assert told.left_behind() == []
