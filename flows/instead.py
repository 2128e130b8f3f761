"""What somebody chose in place of the plan: started once the request has ended, as a run of its own with consent of its own."""

from typing import Any

from blocks.application import Application
from domain.consent import Answer, Approval
from domain.journal_kinds import Happened
from domain.offers import Start, start_of
from domain.plan import Plan
from domain.request import HOTFIX, LAST_GOOD, RESTART, SHIFT_TRAFFIC
from flows import prefect_runs
from flows.consent import counting
from tasks.case import Case


def start_instead(case: Case, application: Application) -> None:
    """Start it where the incident ended for it; nothing where another run took over. Once, however often it is called."""
    plan = case.ledger.incident(case.incident.id).plan
    wanted = [row for row in counting(case, plan) if row.answer is Answer.INSTEAD] if plan else []
    start = start_of(wanted[0].instead, plan.offers) if wanted and plan else None
    if (
        start is None
        or plan is None
        or any(entry.kind == Happened.INSTEAD for entry in case.ledger.entries(case.incident.id))
    ):
        return
    fields = {"application": application.reference(), **_fields(case, wanted[0], start, plan)}
    run = prefect_runs.start_later(start.deployment, fields, None, key=f"instead-{case.incident.id}")
    case.note(Happened.INSTEAD, what=wanted[0].instead, run=run)


def _fields(case: Case, wanted: Approval, start: Start, plan: Plan) -> dict[str, Any]:
    """The form of what is started; the severity stays, so that the same people are asked."""
    why = wanted.reason or case.request.reason or "chosen in its place"
    fields = {
        "reason": f"instead of incident {case.incident.id}: {why}",
        "severity": plan.severity,
        "asked_by": wanted.person,
        "via": wanted.via,
    }
    own: dict[str, dict[str, Any]] = {
        HOTFIX: {"target": start.target},
        RESTART: {},
        SHIFT_TRAFFIC: {"target": plan.to_release or LAST_GOOD, "share": start.share},
    }
    return {**fields, **own.get(start.deployment, {"target": start.target, "only": start.only})}
