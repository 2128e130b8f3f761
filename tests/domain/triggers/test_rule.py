from typing import Any

import pytest
from pydantic import ValidationError

from domain.triggers import Level, Trigger


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({}, "exactly one of failures, above, below, rise, any, all: it has none"),
        ({"failures": 3, "above": 2}, "exactly one of failures, above, below, rise, any, all: not failures and above"),
        ({"failures": 3, "for_s": 5}, "for_s means nothing beside failures"),
        ({"above": 3, "by": 5, "issue": "x"}, "by means nothing beside above"),
        ({"name": "x", "signal": "cpu", "any": [{"failures": 1}], "issue": "x"}, "signal means nothing beside any"),
        ({"any": [{"failures": 1}]}, "needs a name"),
        ({"signal": "cpu", "above": 3}, "issue is missing"),
        ({"failures": 0}, "greater than or equal to 1"),
        ({"above": float("nan")}, "finite number"),
        ({"rise": 0}, "greater than 0"),
        ({"failures": 1, "level": "loud"}, "'warning', 'critical' or 'roll back'"),
        ({"failurs": 1}, "Extra inputs"),
        ({"name": "x", "all": [{"failures": 1}, {}]}, "it has none of them"),
        ({"failures": 1, "level": "warning", "runbook": "rollback"}, "runbook means nothing at level warning"),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(rule: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Trigger.model_validate(rule)


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ({"failures": 3}, "health"),
        ({"signal": "cpu", "above": 80, "level": "warning"}, "cpu warning"),
        ({"signal": "cpu", "above": 80, "level": Level.CRITICAL}, "cpu critical"),
        ({"signal": "cpu", "above": 80, "name": "hot", "issue": "x"}, "hot"),
    ],
)
def test_a_trigger_is_called_after_its_signal_and_level(rule: dict[str, Any], name: str) -> None:
    assert Trigger.model_validate(rule).name == name


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"failures": 3}, "3 failures of health in a row"),
        ({"failures": 1}, "1 failure of health"),
        ({"above": 5, "unit": "%", "for_s": 120}, "every sample of health above 5 % for 120 s"),
        ({"below": 5, "of": "p95"}, "p95 of health below 5 for 60 s"),
        ({"rise": 50, "of": "mean"}, "mean of health 50 % above the release before for 60 s"),
        (
            {"name": "x", "all": [{"failures": 1}, {"above": 2}]},
            "(1 failure of health) and (every sample of health above 2 for 60 s)",
        ),
        ({"name": "x", "any": [{"failures": 1}, {"failures": 2}]}, "(1 failure of health) or (2 failures of health in a row)"),
    ],
)  # fmt: skip
def test_a_rule_in_words(rule: dict[str, Any], words: str) -> None:
    assert Trigger.model_validate(rule).words == words


def test_it_comes_back_from_json_as_it_was() -> None:
    made = Trigger.model_validate(
        {
            "name": "x",
            "issue": "y",
            "all": [{"failures": 2}, {"any": [{"signal": "cpu", "above": 95}, {"below": 1}]}],
        }
    )
    assert Trigger.model_validate_json(made.model_dump_json()) == made
    assert made.signals == {"health", "cpu"}
    assert made.with_health("api").signals == {"api", "cpu"}


def test_a_window_reaches_back_as_far_as_its_longest_rule() -> None:
    made = Trigger.model_validate(
        {"name": "x", "issue": "y", "any": [{"failures": 2}, {"signal": "cpu", "above": 1, "for_s": 10}]}
    )
    assert made.span_s({"health": 5.0, "cpu": 1.0}) == 2 * 15
    assert made.span_s({"health": 1.0, "cpu": 60.0}) == 180
