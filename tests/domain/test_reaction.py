"""What an alert leads to, by policy and by what was started before."""

import pytest

from domain.alert import Status
from domain.presets import PRESETS
from domain.reaction import OPENING_S, Before, Limits, Reaction, Result, reaction, result

LIMITS = Limits(cool_down_s=600, per_day=2)
QUIET = Before(incident=False, seconds=None, today=0)


def became(before: Before, wanted: Reaction = Reaction.START, limits: Limits = LIMITS) -> Result:
    return result(Status.FIRING, wanted, before, limits)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (QUIET, Result.STARTED),
        (Before(True, 5, 2), Result.GROUPED),
        (Before(False, OPENING_S - 1, 1), Result.GROUPED),
        (Before(False, OPENING_S, 1), Result.COOLING),
        (Before(False, 600, 1), Result.STARTED),
        (Before(False, 600, 2), Result.CAPPED),
    ],
)
def test_one_incident_a_storm_a_pause_and_so_many_a_day(before: Before, expected: Result) -> None:
    assert became(before) is expected


def test_without_a_pause_the_next_one_starts_at_once() -> None:
    assert became(Before(False, 0, 1), limits=Limits(0, 9)) is Result.STARTED


def test_no_starts_a_day_is_none() -> None:
    assert became(QUIET, limits=Limits(600, 0)) is Result.CAPPED


def test_a_mild_one_is_noted_and_an_end_is_an_end() -> None:
    assert became(QUIET, Reaction.NOTE) is Result.NOTED
    assert result(Status.RESOLVED, Reaction.START, QUIET, LIMITS) is Result.RESOLVED


def test_the_policy_says_what_an_issue_calls_for() -> None:
    policy = PRESETS["default"]
    seen = {row.severity.value: reaction(policy, row.name) for row in policy.issues}
    assert seen["critical"] is Reaction.START
    assert seen["high"] is Reaction.ASK
    assert reaction(policy, "nobody knows") is Reaction.ASK
