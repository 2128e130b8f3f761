"""How far a long act has come, in the log of a run in Prefect."""

import logging

import pytest

from blocks.databases.contract import untold
from domain.database.progress import Progress
from tasks import run_log

HALF = Progress(done=500, total=1000, what="restoring shop")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the run's log gets; the run itself is a stand-in."""
    monkeypatch.setattr(run_log, "in_flow", lambda: True)
    monkeypatch.setattr("prefect.logging.get_run_logger", lambda: logging.getLogger("run"))
    caplog.set_level(logging.INFO, "run")
    return caplog


def test_outside_of_a_run_nobody_is_told() -> None:
    assert run_log.progress_lines() is untold


def test_it_says_how_far_it_is(lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_log, "EVERY_S", 0.0)
    tell = run_log.progress_lines()
    tell(HALF)
    tell(Progress(done=0, total=0, what="dumping shop"))
    assert lines.messages == ["restoring shop: 500 of 1000 rows (50 %)", "dumping shop: 0 of 0 rows"]


def test_what_is_short_says_nothing(lines: pytest.LogCaptureFixture) -> None:
    tell = run_log.progress_lines()
    tell(HALF)
    assert lines.messages == []
