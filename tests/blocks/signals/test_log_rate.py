"""The `log_rate` signal."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal

ACCESS = '127.0.0.1 "GET /{} HTTP/1.1" {} 12'


def logged(*lines: str) -> Place:
    def last(number: int) -> Sequence[str]:
        return lines[-number:]

    return Place("blue", None, last)


def answers(*statuses: int) -> Place:
    return logged("started", *(ACCESS.format("alice", status) for status in statuses), "INFO x", "INFO y")


def look(place: Place, **settings: Any) -> Finding:
    given = {"pattern": r'" 5\d\d ', "among": r'" \d{3} ', **settings}
    return signal("log_rate", **given).observe(place)


class TestLogRate(SignalContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "log_rate", "pattern": "ERROR", "above": 5}

    @pytest.fixture
    def well(self) -> Place:
        return logged("INFO started")

    @pytest.fixture
    def ill(self) -> Place:
        return logged("INFO started", "ERROR for user alice@example.com")

    @pytest.fixture
    def unmeasured(self) -> Place:
        return logged()


def test_an_error_rate_from_an_access_log() -> None:
    finding = look(answers(200, 200, 503, 404), above=20)
    assert (finding.verdict, finding.value, finding.unit) == (Verdict.BAD, 25.0, "%")
    assert finding.said.startswith("1 of 4 lines match ")
    assert finding.said.endswith("(25.0 %) (above 20)")
    assert look(answers(200, 200, 503, 404), above=25).ok


def test_without_among_all_lines_count() -> None:
    assert look(logged("ERROR a", "b", "c", "d"), pattern="ERROR", among=None).value == 25.0


def test_only_the_last_lines_are_looked_at() -> None:
    assert look(logged("ERROR", "a", "b"), pattern="ERROR", among=None, lines=2).value == 0.0


def test_too_few_lines_to_count_among_are_no_data() -> None:
    finding = look(answers(503), at_least=2)
    assert finding.verdict is Verdict.NO_DATA
    assert finding.said.startswith("blue has 1 log lines that match ")
    assert finding.said.endswith(" (at least 2)")


def test_the_lines_themselves_are_not_shown() -> None:
    finding = look(answers(503), above=5)
    assert "alice" not in finding.said + finding.symptom


@pytest.mark.parametrize(
    "settings", [{"pattern": "a("}, {"pattern": ""}, {"among": "["}, {"lines": 0}, {"at_least": 0}]
)
def test_bad_settings_raise(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        signal("log_rate", **{"pattern": "a", **settings})
