"""The form of a request for consent."""

from typing import Any

import pytest

from domain.plan import Decision, Plan
from domain.policy import Consent
from domain.severity import Severity
from flows.suspension import form_of

PLAN = Plan(
    application="shop/production",
    decision=Decision.ROLL_BACK,
    severity=Severity.HIGH,
    why=["errors"],
    rto_s=300,
)


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({}, set()),
        ({"offers": ["shift", "hotfix"]}, {"share", "fix_release"}),
        ({"confirm_rows": 12}, {"rows_lost"}),
        ({"consent": Consent(people=2)}, {"code"}),
    ],
)
def test_the_form_has_only_fields_that_count(fields: dict[str, Any], more: set[str]) -> None:
    asked = set(form_of(PLAN.model_copy(update=fields)).model_fields)
    assert asked == {"decision", "your_name", "reason"} | more


def test_it_says_what_can_be_done_instead_and_takes_nothing_for_granted() -> None:
    plan, text = PLAN.model_copy(update={"offers": ["config", "hotfix"]}), "## Roll back?"
    decision = form_of(plan, text).model_json_schema()["properties"]["decision"]
    assert decision["enum"] == ["approve", "reject", "config", "hotfix"]
    assert decision["description"].startswith(text), (
        "the form's own description is squeezed on a small screen"
    )
    assert "**config**: restore the configuration alone instead." in decision["description"]
    assert "default" not in decision
