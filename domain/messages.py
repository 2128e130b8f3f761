"""What people are told, moment by moment, in the fields of the runbooks' message templates.

Started: NotesHub "ROLLBACK IN PROGRESS" and Aldeia step 2. Switched: MVP-011 "DEPLOYMENT ROLLBACK EXECUTED". Ended: NotesHub and
MVP-011 "ROLLBACK COMPLETED", FlappyJournal's communication template, Aldeia step 15. Asked, watched and escalated are our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.incident import TOLD_BY_PEOPLE, Incident
from domain.message import Message, Moment
from domain.outcomes import ENDS, Outcome
from domain.plan import Plan
from domain.policy import AtDeadline
from domain.report.facts import Facts
from domain.report.markdown import duration, fill
from domain.severity import Severity

AFTERWARDS = [
    "find the root cause, and hold the post-mortem",
    "repair it, with a test that would have found it",
    "plan the next deployment",
]

Contact = tuple[str, str]
"""A role, and how to reach it."""


def message(  # noqa: PLR0913 -- each is a fact of its own, and but three have a default
    moment: Moment,
    incident: Incident,
    plan: Plan | None,
    *,
    facts: Facts | None = None,
    contacts: Sequence[Contact] = (),
    said: Sequence[str] = (),
    link: str = "",
    head: str = "",
) -> Message:
    """The message of one moment of an incident.

    Args:
        moment: which message.
        incident: its request, and its outcome where the moment is `ended` or `escalated`.
        plan: what was decided; None where it did not come to that.
        facts: adds durations and what people told; without them these fields say so.
        contacts: whom to call, first to last; printed in escalations.
        said: further lines of plain text: an error, what the watch saw.
        link: where to read or answer, an address of ours; printed as it is.
        head: the journal's head at this moment.
    """
    text = fill(
        f"messages/{moment}.md.j2",
        incident=incident,
        plan=plan,
        request=incident.request,
        facts=facts,
        end=ENDS[incident.outcome] if incident.outcome else None,
        versions=_versions(plan),
        environment=_environment(incident, plan),
        steps=_steps(incident),
        status=_status(moment, incident, plan),
        eta=_eta(plan),
        deadline=_deadline(plan),
        at_deadline=plan.consent.at_deadline if plan and plan.consent else AtDeadline.REJECT,
        told=dict.fromkeys(TOLD_BY_PEOPLE, "") | (facts.told if facts else incident.told),
        contacts=contacts,
        said=said,
        link=link,
    )
    return Message(
        incident=incident.id,
        application=incident.application,
        moment=moment,
        severity=_severity(incident, plan),
        title=_title(moment, incident, plan, facts),
        text=text,
        head=head,
    )


def _severity(incident: Incident, plan: Plan | None) -> Severity:
    """Before there is a plan, the person's word; without one, high: somebody must look."""
    return plan.severity if plan else incident.request.severity or Severity.HIGH


def _title(moment: Moment, incident: Incident, plan: Plan | None, facts: Facts | None) -> str:
    titles = {
        Moment.STARTED: f"🔴 ROLLBACK IN PROGRESS: {incident.application} {_versions(plan)}",
        Moment.ASKED: f"✋ CONSENT NEEDED: {incident.application} {_versions(plan)}",
        Moment.SWITCHED: f"🚨 DEPLOYMENT ROLLBACK EXECUTED: {incident.application} {_versions(plan)}",
        Moment.ENDED: _ended(incident, plan),
        Moment.WATCHED: _watched(incident, facts),
        Moment.ESCALATED: f"🆘 HELP NEEDED: {incident.application}: {_status(moment, incident, plan)}",
    }
    return titles[moment]


def _ended(incident: Incident, plan: Plan | None) -> str:
    if incident.outcome is Outcome.ROLLED_BACK:
        return f"✅ ROLLBACK COMPLETED: {incident.application} now runs {plan.to_release if plan else 'the old release'}"
    if incident.outcome is Outcome.NOTHING_TO_DO:
        return f"✅ NOTHING TO DO: {incident.application}"
    end = (incident.outcome or "unfinished").replace("_", " ").upper()
    return f"⚠️ ROLLBACK {end}: {incident.application}"


def _watched(incident: Incident, facts: Facts | None) -> str:
    if facts and facts.watch_ok:
        return f"✅ STABLE: {incident.application} passed its watch"
    return f"⚠️ TROUBLE AFTER THE ROLLBACK: {incident.application}"


def _versions(plan: Plan | None) -> str:
    return f"{plan.from_release or 'unknown'} → {plan.to_release or 'no target'}" if plan else "(no plan yet)"


def _environment(incident: Incident, plan: Plan | None) -> str:
    """`production, GREEN → BLUE`."""
    name = incident.application.split("/")[1]
    if plan is None or plan.to_slot is None:
        return name
    return f"{name}, {(plan.from_slot or 'unknown').upper()} → {plan.to_slot.upper()}"


def _status(moment: Moment, incident: Incident, plan: Plan | None) -> str:
    if moment is Moment.ESCALATED and incident.outcome is Outcome.ROLLED_BACK:
        return "trouble after the rollback; nothing is switched by itself"
    if incident.outcome:
        return ENDS[incident.outcome].words
    if moment is Moment.SWITCHED:
        return "traffic is on the old release; monitoring recovery"
    if plan is None:
        return "looking at what serves and what can be gone back to"
    if plan.stops_with:
        return f"no change: {plan.decision}"
    return "waiting for consent" if plan.consent else "switching traffic to the old release"


def _steps(incident: Incident) -> list[str]:
    """What comes next: the outcome's own step, and after a rollback what every runbook asks for."""
    first = [ENDS[incident.outcome].next_step] if incident.outcome else []
    return first + (AFTERWARDS if incident.outcome is Outcome.ROLLED_BACK else [])


def _eta(plan: Plan | None) -> str:
    """From past runs; where there are none, what policy promises."""
    if plan is None:
        return "not yet known"
    if plan.eta_s is not None:
        return f"{duration(plan.eta_s)} (median of past rollbacks)"
    return f"within {duration(plan.rto_s)} (the objective; there is no past rollback to learn from)"


def _deadline(plan: Plan | None) -> datetime | None:
    return plan.made_at + timedelta(seconds=plan.deadline_s) if plan and plan.deadline_s else None
