"""The `log` signal."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal


def logged(*lines: str) -> Place:
    def last(number: int) -> Sequence[str]:
        return lines[-number:]

    return Place("blue", None, last)


def look(place: Place, **settings: Any) -> Finding:
    return signal("log", **settings).observe(place)


class TestLog(SignalContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "log", "absent": "ERROR|Traceback"}

    @pytest.fixture
    def well(self) -> Place:
        return logged("INFO Database connected")

    @pytest.fixture
    def ill(self) -> Place:
        return logged("INFO started", "ERROR for user alice@example.com")

    @pytest.fixture
    def unmeasured(self) -> Place:
        return logged()


def test_a_line_that_must_be_there() -> None:
    assert look(logged("a", "INFO Database connected"), present="Database connected").ok
    assert look(logged("a"), present="Database connected").symptom == "log line missing"


def test_only_the_last_lines_are_looked_at() -> None:
    assert look(logged("ERROR", "a", "b"), absent="ERROR", lines=2).ok


def test_some_matches_can_be_allowed() -> None:
    place = logged("ERROR a", "ERROR b", "Traceback")
    assert look(place, absent="ERROR|Traceback", at_most=3).ok
    finding = look(place, absent="ERROR|Traceback", at_most=2)
    assert (finding.verdict, finding.symptom, finding.value) == (Verdict.BAD, "log ERROR", 3.0)


def test_the_lines_themselves_are_not_shown() -> None:
    finding = look(logged("ERROR for alice@example.com"), absent="ERROR")
    assert "alice" not in finding.said + finding.symptom


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "needs either present or absent"),
        ({"present": "a", "absent": "b"}, "needs either present or absent"),
        ({"present": "a", "at_most": 3}, "at_most goes with absent"),
        ({"absent": "a("}, "is not a regular expression"),
        ({"absent": ""}, "at least 1 character"),
    ],
)
def test_bad_settings_raise(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        signal("log", **settings)
