"""What people read in Prefect's form before they decide."""

from datetime import UTC, datetime

import pytest

from domain.plan import Decision, Plan
from domain.policy import Consent
from domain.report.request_text import Beside, request_text
from domain.severity import Severity

PLAN = Plan(
    application="shop/production",
    decision=Decision.ROLL_BACK,
    severity=Severity.HIGH,
    why=["errors"],
    rto_s=300,
)


@pytest.mark.parametrize(
    ("asks", "said"), [(Consent(), False), (Consent(people=2), True), (Consent(self_declared=False), True)]
)
def test_a_form_that_cannot_answer_says_so(asks: Consent, said: bool) -> None:
    plan = PLAN.model_copy(update={"consent": asks})
    text = request_text(plan, "incident-1", datetime.now(UTC))
    assert ("use `backout approve incident-1`" in text) == said


@pytest.mark.parametrize(
    ("eta_s", "said"), [(None, "not known yet"), (0.2, "under a second"), (41.7, "about 42 s")]
)
def test_the_form_says_how_long_it_takes(eta_s: float | None, said: str) -> None:
    plan = PLAN.model_copy(update={"eta_s": eta_s})
    assert f"**Takes:** {said}" in request_text(plan, "incident-1", datetime.now(UTC))


def test_the_form_says_that_nobody_can_look_at_the_target_before() -> None:
    blind = PLAN.model_copy(update={"blind": True})
    said = "**Blind:** no standby: nobody can look at the target before it serves"
    assert said in request_text(blind, "incident-1", datetime.now(UTC))
    assert "Blind" not in request_text(PLAN, "incident-1", datetime.now(UTC))


def test_the_form_says_right_away_that_it_is_a_drill() -> None:
    drilled = request_text(PLAN, "incident-1", datetime.now(UTC), Beside(drill=True))
    said = "**This is a drill.** Answer as you would."
    assert drilled.index(said) < drilled.index("errors")
    assert said not in request_text(PLAN, "incident-1", datetime.now(UTC))


def test_the_form_says_which_number_to_type_before_anything_else() -> None:
    plan = PLAN.model_copy(update={"confirm_rows": 12})
    text = request_text(plan, "incident-1", datetime.now(UTC))
    assert text.index("Type 12 below") < text.index("errors")


def test_each_line_of_the_text_is_a_paragraph_because_the_form_joins_others() -> None:
    plan = PLAN.model_copy(update={"decision": Decision.DEPLOY, "why": ["a", "b"]})
    text = request_text(plan, "incident-1", datetime.now(UTC))
    assert text.startswith("## Deploy to shop/production?")
    assert "\n" not in text.replace("\n\n", "")


def test_it_links_the_dashboards() -> None:
    beside = Beside(dashboards={"Grafana": "https://grafana.example.com/d/1?a=b|c"})
    text = request_text(PLAN, "incident-1", datetime.now(UTC), beside)
    assert "**Look at:** [Grafana](<https://grafana.example.com/d/1?a=b|c>)" in text
