"""A release that went wrong right after it was deployed: FlappyJournal scenario 1."""

from flows.path import carry_out
from flows.scenario import scenario
from tasks.assess import make_plan
from tasks.case import Case
from tasks.read_logs import read_logs
from tasks.survey import survey


def take_back_after_deploy(case: Case) -> None:
    """The new release's own log is read too: it says why before anybody looks for it."""
    seen = survey(case)
    read = read_logs(case, seen)
    plan = make_plan(case, read)
    carry_out(case, plan)


post_deploy_issue = scenario(
    "post-deploy-issue",
    take_back_after_deploy,
    "Take back a release that broke something within its first hour.",
)
