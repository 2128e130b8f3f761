"""Parts, fixes that go forward, and what is aligned: decided on the situations of `test_assess.py`."""

from typing import Any

import pytest

from domain.assess import assess
from domain.plan import Decision, Plan
from domain.request import Kind
from domain.severity import Severity
from tests.domain.test_assess import SLOTS, decided, situation


def of_part(runs: str, **request: Any) -> Plan:
    """What is decided for a part that was deployed with v3 and runs another release."""
    found = situation(only="backend", health={"green": "ok"}, **request)
    serving = next(name for name, version in SLOTS.items() if version == runs)
    survey = found.survey.model_copy(update={"whole": "v3", "serving": serving})
    return assess(found.model_copy(update={"survey": survey}))


def test_a_part_that_was_taken_back_stays_where_it_is() -> None:
    plan = of_part("v2")
    assert (plan.decision, plan.to_release) == (Decision.NOTHING_TO_DO, "v2")
    assert "v3 was deployed last" in plan.why[0]


def test_a_part_goes_back_from_what_it_was_deployed_with_and_further_when_told() -> None:
    assert (of_part("v3").decision, of_part("v3").to_release) == (Decision.ROLL_BACK, "v2")
    assert (of_part("v2", to="v1").decision, of_part("v2", to="v1").to_release) == (Decision.ROLL_BACK, "v1")


def test_a_hotfix_goes_forward_whatever_the_severity() -> None:
    held = decided(severity=Severity.LOW)
    fixed = decided(severity=Severity.LOW, runbook="hotfix", to="v2")
    assert fixed.said == "go forward to the fix"
    assert (held.decision, fixed.decision) == (Decision.FIX_FORWARD, Decision.ROLL_BACK)
    assert decided(severity=Severity.MEDIUM, runbook="hotfix", to="v2").proposal == ""


@pytest.mark.parametrize("kind", [Kind.ROLLBACK, Kind.EMERGENCY])
def test_what_names_the_active_slot_is_aligned_right_after_the_switch(kind: Kind) -> None:
    plan = assess(situation(kind=kind).model_copy(update={"aligns": True}))
    assert plan.acts[plan.acts.index("switch") + 1] == "align"
