import re

import pytest

from domain.outcomes import ENDS, Outcome, next_step
from domain.plan import STOPS, Decision


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_has_an_end_that_says_what_and_what_next(outcome: Outcome) -> None:
    end = ENDS[outcome]
    assert end.words
    assert end.next_step
    assert re.fullmatch(r"[A-Z][A-Za-z]+", end.state_name)


def test_only_what_was_wanted_ends_well() -> None:
    assert {outcome for outcome, end in ENDS.items() if end.exit_code == 0} == {
        Outcome.ROLLED_BACK,
        Outcome.RESTORED,
        Outcome.TURNED_OFF,
        Outcome.RESTARTED,
        Outcome.SHIFTED,
        Outcome.DEPLOYED,
        Outcome.NOTHING_TO_DO,
    }
    assert {outcome for outcome, end in ENDS.items() if end.state == "COMPLETED"} == {
        Outcome.ROLLED_BACK,
        Outcome.RESTORED,
        Outcome.TURNED_OFF,
        Outcome.RESTARTED,
        Outcome.SHIFTED,
        Outcome.DEPLOYED,
        Outcome.NOTHING_TO_DO,
    }


def test_a_next_step_names_this_application_and_release() -> None:
    step = next_step(Outcome.ROLLED_BACK, "shop/production", "1.1 beta")
    assert "`backout quarantine lift shop/production '1.1 beta'`" in step
    assert "quarantine lift shop/production RELEASE" in next_step(
        Outcome.ROLLED_BACK, "shop/production", None
    )
    assert next_step(Outcome.REJECTED, "shop/production", "1.1") == ENDS[Outcome.REJECTED].next_step


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.STUCK])
def test_who_cannot_go_on_is_sent_to_the_doctor(outcome: Outcome) -> None:
    assert "`backout doctor shop/production`" in next_step(outcome, "shop/production")


def test_no_two_outcomes_look_alike() -> None:
    assert (
        len({end.state_name for end in ENDS.values()})
        == len({end.words for end in ENDS.values()})
        == len(Outcome)
    )


@pytest.mark.parametrize("decision", Decision)
def test_every_decision_but_to_act_ends_the_run(decision: Decision) -> None:
    assert (decision in STOPS) is (
        decision
        not in (
            Decision.ROLL_BACK,
            Decision.CHANGE_DATABASE,
            Decision.RESTART,
            Decision.SHIFT,
            Decision.DEPLOY,
        )
    )
