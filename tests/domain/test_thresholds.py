"""The presets hold what the runbooks say."""

import pytest

from domain.presets import PRESETS
from domain.thresholds import THRESHOLDS, laid_over, not_watched
from domain.triggers import Level, Trigger

WRITTEN = {
    ("mvp-011", "health"): "3 failures of health in a row",
    ("mvp-011", "error-rate"): "every sample of error-rate above 5 % for 120 s",
    ("mvp-011", "response-time"): "mean of response-time above 3 s for 300 s",
    ("mvp-011", "memory"): "every sample of memory above 90 % for 600 s",
    ("mvp-011", "cpu"): "every sample of cpu above 95 % for 300 s",
    ("noteshub", "health"): "3 failures of health in a row",
    ("noteshub", "error-rate"): "every sample of error-rate above 10 % for 300 s",
    ("noteshub", "p95"): "every sample of p95 above 5 s for 300 s",
    ("noteshub", "database"): "1 failure of database",
    ("noteshub", "error-rate warning"): "every sample of error-rate above 1 % for 60 s",
    ("noteshub", "error-rate critical"): "every sample of error-rate above 5 % for 60 s",
    ("noteshub", "p95 warning"): "every sample of p95 above 1 s for 60 s",
    ("noteshub", "p95 critical"): "every sample of p95 above 3 s for 60 s",
    ("noteshub", "query-time warning"): "every sample of query-time above 0.1 s for 60 s",
    ("noteshub", "query-time critical"): "every sample of query-time above 0.5 s for 60 s",
    ("noteshub", "cpu warning"): "every sample of cpu above 80 % for 60 s",
    ("noteshub", "disk warning"): "every sample of disk above 85 % for 60 s",
    ("noteshub", "memory critical"): "every sample of memory above 90 % for 60 s",
    ("jarvis", "health"): "3 failures of health in a row",
    ("jarvis", "error-rate"): "every sample of error-rate above 5 % for 60 s",
    ("jarvis", "loss of performance"): "mean of response-time 50 % above the release before for 60 s",
    ("aldeia", "health"): "3 failures of health in a row",
    ("aldeia", "loss of performance"): "mean of response-time 50 % above the release before for 60 s",
    ("flappyjournal", "health"): "3 failures of health in a row",
    ("default", "health"): "3 failures of health in a row",
}


def test_the_rows_are_those_of_the_runbooks() -> None:
    assert {(name, row.name): row.words for name, rows in THRESHOLDS.items() for row in rows} == WRITTEN


def test_each_row_says_where_it_is_written_and_its_name_says_its_level() -> None:
    for row in (row for rows in THRESHOLDS.values() for row in rows):
        assert row.source
        assert row.name.endswith(f" {row.level}") is (row.level is not Level.ROLL_BACK)


@pytest.mark.parametrize("name", [name for name in THRESHOLDS if name in PRESETS])
def test_what_starts_a_run_names_a_row_of_the_same_runbooks_matrix(name: str) -> None:
    issues = {row.issue for row in THRESHOLDS[name] if row.level is Level.ROLL_BACK}
    assert issues - {issue.name for issue in PRESETS[name].issues} == set()


def test_an_own_trigger_takes_the_place_of_the_one_of_its_name() -> None:
    own = [Trigger(failures=5), Trigger(name="mine", failures=1)]
    merged = laid_over("mvp-011", own)
    assert [row.name for row in merged] == ["health", "error-rate", "response-time", "memory", "cpu", "mine"]
    assert merged[0].failures == 5
    assert laid_over("none", own) == own


def test_what_cannot_be_watched_is_said() -> None:
    lines = not_watched(THRESHOLDS["mvp-011"], {"error-rate", "hits"})
    assert lines == [
        "trigger response-time is not watched: no signal named response-time",
        "trigger memory is not watched: no signal named memory",
        "trigger cpu is not watched: no signal named cpu",
        "signal hits is sampled, but no trigger looks at it",
    ]
    own = [Trigger(name="x", signal="api", failures=1, issue="y")]
    assert not_watched(own, set(), "api") == []
