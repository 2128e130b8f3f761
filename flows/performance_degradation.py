"""A release that made the application slow: FlappyJournal scenario 3, Jarvis scenario 3, MVP-011 scenario 3."""

from flows.path import carry_out
from flows.scenario import scenario
from tasks.assess import make_plan
from tasks.case import Case
from tasks.compare import compare, compare_again
from tasks.survey import survey


def take_back_if_faster(case: Case) -> None:
    """Both releases are measured first: one that is as slow as the other will not help. Then what users have is measured again."""
    seen = survey(case)
    measured = compare(case, seen)
    plan = make_plan(case, measured)
    carry_out(case, plan)
    compare_again(case, plan)


performance_degradation = scenario(
    "performance-degradation",
    take_back_if_faster,
    "Measure both releases, go back if the old one is faster, and measure again.",
)
