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
        Outcome.NOTHING_TO_DO,
    }
    assert {outcome for outcome, end in ENDS.items() if end.state == "COMPLETED"} == {
        Outcome.ROLLED_BACK,
        Outcome.RESTORED,
        Outcome.NOTHING_TO_DO,
    }


def test_a_next_step_names_this_application_and_release() -> None:
    step = next_step(Outcome.ROLLED_BACK, "shop/production", "1.1 beta")
    assert "`backout record shop/production '1.1 beta' --lift`" in step
    assert "RELEASE --lift" in next_step(Outcome.ROLLED_BACK, "shop/production", None)
    assert next_step(Outcome.HELD, "shop/production", "1.1") == ENDS[Outcome.HELD].next_step


def test_no_two_outcomes_look_alike() -> None:
    assert (
        len({end.state_name for end in ENDS.values()})
        == len({end.words for end in ENDS.values()})
        == len(Outcome)
    )


@pytest.mark.parametrize("decision", Decision)
def test_every_decision_but_to_act_ends_the_run(decision: Decision) -> None:
    assert (decision in STOPS) is (decision not in (Decision.ROLL_BACK, Decision.CHANGE_DATABASE))
