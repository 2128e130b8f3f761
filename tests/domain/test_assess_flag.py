"""A flag in front of a plan: also of one that would change nothing."""

from typing import Any

import pytest

from domain.assess_database import decide
from domain.assess_flag import after_the_flag
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.presets import PRESETS
from domain.release import Part, flag_part
from domain.request import THIRD_PARTY
from domain.severity import Severity
from tests.domain.test_assess import situation

FLAG = "flag:integration"


def decided(state: str | None = "on", flag: str | None = FLAG, **over: Any) -> Plan:
    asked = {"runbook": THIRD_PARTY, "issue": THIRD_PARTY, "policy": PRESETS["jarvis"], **over}
    found = situation(**asked)
    parts = [Part(name=FLAG, release=state)] if state else []
    survey = found.survey.model_copy(update={"parts": parts})
    return decide(found.model_copy(update={"survey": survey, "flag": flag}))


def test_the_flag_comes_before_the_code_and_one_yes_is_for_both() -> None:
    plan = decided()
    assert plan.acts == [
        "preserve", "turn off", "look again", "prepare", "switch", "verify", "compare again", "report", "soak",
    ]  # fmt: skip
    assert (plan.decision, plan.flag, plan.stops_with) == (Decision.ROLL_BACK, FLAG, None)
    assert plan.consent is not None
    assert after_the_flag(plan) is None


@pytest.mark.parametrize(
    ("health", "decision", "ends"),
    [
        ({"blue": "refused", "red": "refused"}, Decision.HOLD, Outcome.HELD),
        ({"green": "refused", "blue": "refused", "red": "refused"}, Decision.WONT_HELP, Outcome.WONT_HELP),
    ],
)
def test_where_no_release_helps_the_flag_still_may(
    health: dict[str, str], decision: Decision, ends: Outcome
) -> None:
    plan = decided(health=health)
    assert (plan.decision, plan.flag, plan.stops_with) == (decision, FLAG, None)
    assert plan.acts == ["preserve", "turn off", "look again", "report"]
    assert plan.consent is not None
    assert plan.deadline_s > 0
    assert after_the_flag(plan) is ends


def test_what_serves_already_does_not_help_where_the_flag_does_not() -> None:
    plan = decided(to="v3")
    assert (plan.decision, plan.flag) == (Decision.NOTHING_TO_DO, FLAG)
    assert after_the_flag(plan) is Outcome.WONT_HELP


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"state": "off"}, "off already"),
        ({"state": None}, "was not seen"),
        ({"flag": None}, "no feature flag is named"),
    ],
)
def test_why_no_flag_is_turned_off_is_said(over: dict[str, Any], said: str) -> None:
    plan = decided(**over)
    assert (plan.flag, plan.decision) == (None, Decision.ROLL_BACK)
    assert said in plan.why[-1]


def test_low_severity_waits_for_the_next_release_with_the_flag_too() -> None:
    assert decided(severity=Severity.LOW).flag is None


def test_other_runbooks_turn_nothing_off() -> None:
    plan = decided(runbook="rollback")
    assert (plan.flag, plan.said) == (None, "roll back")


@pytest.mark.parametrize("name", ["integration", FLAG])
def test_a_person_may_leave_the_word_out(name: str) -> None:
    assert flag_part(name) == FLAG
