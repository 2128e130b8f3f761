"""A deploy without a standby that was cut off half-way: what goes back goes to the release before it, and no further."""

from typing import Any

import pytest

from domain.assess_database import decide
from domain.outcomes import Outcome
from domain.plan import Decision
from domain.request import RESTART, Kind
from domain.situation import Situation
from tests.domain.test_assess import situation

NEW = "v4"


def half(**over: Any) -> Situation:
    """V4 was begun to be put in the place of v3, in green; v2 served before that."""
    return situation(**over).model_copy(update={"half": NEW})


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": Kind.EMERGENCY},
        {"kind": Kind.ROLLBACK},
        {"kind": Kind.ROLLBACK, "to": "v3"},
        {"kind": Kind.ROLLBACK, "via": "automation"},
    ],
)
def test_the_release_before_gets_its_place_back_unasked(asked: dict[str, Any]) -> None:
    plan = decide(half(**asked))
    assert (plan.decision, plan.to_slot, plan.to_release, plan.from_release) == (
        Decision.ROLL_BACK,
        "green",
        "v3",
        NEW,
    )
    assert plan.consent is None
    assert plan.before == {}  # nothing goes back to what never had the place
    assert "a deploy began to put v4 in its place, and was cut off; v3 gets it back" in plan.why


def test_whoever_names_another_release_gets_that_one() -> None:
    assert decide(half(kind=Kind.ROLLBACK, to="v1", force=True)).to_release == "v1"


def test_a_restart_holds_until_it_is_undone() -> None:
    found = half(runbook=RESTART).model_copy(update={"restarts": True})
    plan = decide(found)
    assert plan.stops_with is Outcome.HELD
    assert "a rollback undoes that first" in plan.why[0]


def test_without_such_a_deploy_it_is_a_rollback_as_every_other() -> None:
    assert decide(situation(kind=Kind.EMERGENCY)).to_release == "v2"
