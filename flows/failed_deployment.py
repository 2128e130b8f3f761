"""A release that does not come up: Jarvis scenario 1."""

from flows.path import carry_out
from flows.scenario import scenario
from tasks.assess import make_plan
from tasks.case import Case
from tasks.preserve import preserve
from tasks.read_logs import read_logs
from tasks.survey import survey


def collect_and_take_back(case: Case) -> None:
    """What crashes leaves logs and events that are gone soon: they are kept before anybody is asked."""
    seen = survey(case)
    read = read_logs(case, seen)
    plan = make_plan(case, read)
    preserve(case, plan)
    carry_out(case, plan)


failed_deployment = scenario(
    "failed-deployment",
    collect_and_take_back,
    "Keep the logs of a release that does not come up, then take it back.",
)
