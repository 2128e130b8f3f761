"""A release whose API its clients no longer understand: MVP-011 scenario 2."""

from flows.path import carry_out
from flows.scenario import scenario
from tasks.assess import make_plan
from tasks.case import Case
from tasks.compare import compare_again
from tasks.survey import survey
from tasks.try_checks import try_checks


def take_back_if_compatible(case: Case) -> None:
    """What clients miss is tried on the old release before the switch, and once more as users have it after it."""
    seen = survey(case)
    tried = try_checks(case, seen)
    plan = make_plan(case, tried)
    carry_out(case, plan)
    compare_again(case, plan)


api_breaking_change = scenario(
    "api-breaking-change",
    take_back_if_compatible,
    "Go back to a compatible API, and see that clients get what they missed.",
)
