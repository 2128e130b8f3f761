"""Users get nothing: Aldeia step 1 "service completely down", Jarvis "Rollback Decision Tree" critical, MVP-011 "Critical Issues"."""

from domain.request import SERVICE_OUTAGE
from flows.consent import ask
from flows.path import bring_back
from flows.scenario import scenario
from tasks.assess import make_plan
from tasks.case import Case
from tasks.preserve import preserve, preserve_in_place
from tasks.read_logs import read_logs
from tasks.survey import survey
from tasks.tell import announce


def restore_service(case: Case) -> None:
    """One look says whether it is the release; then users come first, and evidence that can wait comes after them."""
    seen = survey(case)
    read = read_logs(case, seen)
    plan = make_plan(case, read)
    announce(case)
    ask(case, plan)
    preserve_in_place(case, plan)
    bring_back(case, plan)
    preserve(case, plan)


service_outage = scenario(
    SERVICE_OUTAGE,
    restore_service,
    "See whether it is the release, then switch at once and keep the evidence afterwards.",
)
