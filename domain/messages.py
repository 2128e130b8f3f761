"""What people are told, moment by moment.

The templates of a policy's `message_layout` have the runbook's own form. Where it has none for the moment, ours have the fields
of all of them. Started: NotesHub "ROLLBACK IN PROGRESS" and Aldeia step 2. Switched: MVP-011 "DEPLOYMENT ROLLBACK EXECUTED".
Ended: NotesHub and MVP-011 "ROLLBACK COMPLETED", FlappyJournal's communication template, Aldeia step 15. Update: NotesHub
"Status Updates". Asked, consented, watched and escalated are our own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.bearing import acting, stage
from domain.gate import closed, gate_of
from domain.incident import TOLD_BY_PEOPLE, Incident
from domain.message import Message, Moment
from domain.message_ends import ended
from domain.message_templates import PUBLIC, Filled, filled
from domain.outcomes import ENDS, WATCHED, Outcome
from domain.plan import Decision, Plan
from domain.policy import AtDeadline
from domain.report.facts import Facts
from domain.report.markdown import duration
from domain.request import RESTART, SHIFT_TRAFFIC, Kind
from domain.severity import Severity
from domain.shares import in_words
from domain.standing import Standing

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
    standing: Standing | None = None,
    layout: str = "backout",
    own: Mapping[str, str] | None = None,
    once: str = "",
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
        standing: where an open incident stands; for updates.
        layout: whose templates, `domain.policy.MessageLayout`.
        own: file name -> text of templates that take the place of all others.
        once: see `Message.once`.
    """
    values = _values(moment, incident, plan, facts, standing) | {
        "contacts": contacts,
        "said": said,
        "link": link,
    }
    text = _filled(_names(moment, incident, layout), own or {}, values)
    return Message(
        incident=incident.id,
        application=incident.application,
        moment=moment,
        severity=_severity(incident, plan),
        title=text.title or values["usual_title"],
        text=text.text,
        head=head,
        facts=_facts(incident, plan, values["status"], values["eta"]),
        public=filled([PUBLIC], own or {}, values).text.strip(),
        stage=values["stage"],
        acting=acting(moment, incident, plan, standing),
        outcome=incident.outcome,
        once=once,
    )


def _values(
    moment: Moment, incident: Incident, plan: Plan | None, facts: Facts | None, standing: Standing | None
) -> dict[str, Any]:
    """What templates can use."""
    return {
        "usual_title": _title(moment, incident, plan, facts),
        "incident": incident,
        "plan": plan,
        "request": incident.request,
        "facts": facts,
        "end": ENDS[incident.outcome] if incident.outcome else None,
        "versions": _versions(plan),
        "environment": _environment(incident, plan),
        "steps": _steps(incident),
        "status": standing.status if standing else _status(moment, incident, plan),
        "eta": standing.eta if standing else _eta(plan),
        "standing": standing,
        "stage": stage(moment, incident, plan, facts, standing),
        "deadline": _deadline(plan),
        "at_deadline": (plan and closed(plan)) or _at_deadline(plan),
        "told": dict.fromkeys(TOLD_BY_PEOPLE, "") | (facts.told if facts else incident.told),
    }


def _filled(names: list[str], own: Mapping[str, str], values: dict[str, Any]) -> Filled:
    """The text; where a template of one's own cannot be used, ours with a line that names it."""
    text = filled(names, own, values)
    return filled(names, {}, values | {"said": [*values["said"], text.problem]}) if text.problem else text


def _names(moment: Moment, incident: Incident, layout: str) -> list[str]:
    """The templates that would do, best first. A runbook's own words are for a rollback, those for the end for one that went well."""
    ended_otherwise = moment is Moment.ENDED and incident.outcome is not Outcome.ROLLED_BACK
    if ended_otherwise or _act(incident) != "rollback":
        return [str(moment)]
    return [f"{layout}/{moment}", str(moment)]


def _facts(incident: Incident, plan: Plan | None, status: str, eta: str) -> dict[str, str]:
    """What a channel that shows the newest state in place repeats each time."""
    return {
        "Version": _versions(plan),
        "Environment": _environment(incident, plan),
        "Reason": incident.request.reason or "not given",
        "Status": status,
        **({"ETA": eta} if incident.outcome is None else {}),
    }


def _severity(incident: Incident, plan: Plan | None) -> Severity:
    """Before there is a plan, the person's word; without one, high: somebody must look."""
    return plan.severity if plan else incident.request.severity or Severity.HIGH


def _title(moment: Moment, incident: Incident, plan: Plan | None, facts: Facts | None) -> str:
    titles = {
        Moment.STARTED: f"🔴 {_act(incident).upper()} IN PROGRESS: {incident.application} {_versions(plan)}",
        Moment.ASKED: f"✋ CONSENT NEEDED: {incident.application} {_versions(plan)}{_beyond(plan)}",
        Moment.CONSENTED: f"👍 CONSENT GIVEN: {incident.application} {_versions(plan)}{_beyond(plan)}",
        Moment.UPDATE: f"🔄 UPDATE: {incident.application} {_versions(plan)}",
        Moment.SWITCHED: f"🚨 DEPLOYMENT ROLLBACK EXECUTED: {incident.application} {_versions(plan)}",
        Moment.ENDED: ended(incident, plan, _act(incident)),
        Moment.WATCHED: _watched(incident, facts),
        Moment.FOLLOW_UP: f"📋 FOLLOW-UP: {incident.application} {_versions(plan)}",
        Moment.ESCALATED: f"🆘 HELP NEEDED: {incident.application}: {_status(moment, incident, plan)}",
    }
    return titles[moment]


def _act(incident: Incident) -> str:
    """What it is, in a word."""
    if incident.request.kind is Kind.DEPLOY:
        return "deploy"
    return {RESTART: "restart", SHIFT_TRAFFIC: "shift"}.get(incident.request.runbook, "rollback")


def _watched(incident: Incident, facts: Facts | None) -> str:
    if facts is None:
        return f"👀 WATCH ENDED: {incident.application}: something newer took its place"
    if facts.watch_ok:
        return f"✅ STABLE: {incident.application} passed its watch"
    return f"⚠️ TROUBLE AFTER THE {_act(incident).upper()}: {incident.application}"


def _versions(plan: Plan | None) -> str:
    if plan and plan.decision is Decision.RESTART:
        return plan.to_release or "unknown"
    return f"{plan.from_release or 'unknown'} → {plan.to_release or 'no target'}" if plan else "(no plan yet)"


def _beyond(plan: Plan | None) -> str:
    """What is asked at a gate of a deploy; empty elsewhere."""
    return f", {plan.said}" if plan and gate_of(plan) else ""


def _environment(incident: Incident, plan: Plan | None) -> str:
    """`production, GREEN → BLUE`; the environment alone where slots are the releases, which are named beside it."""
    name = incident.application.split("/")[1]
    if plan is None or plan.to_slot is None or plan.to_slot == plan.to_release:
        return name
    if plan.decision is Decision.RESTART:
        return f"{name}, {plan.to_slot.upper()}"
    return f"{name}, {(plan.from_slot or 'unknown').upper()} → {plan.to_slot.upper()}"


def _status(moment: Moment, incident: Incident, plan: Plan | None) -> str:
    if moment is Moment.ESCALATED and incident.outcome in WATCHED:
        return f"trouble after the {_act(incident)}; nothing is switched by itself"
    if incident.outcome:
        return ENDS[incident.outcome].words
    if moment is Moment.CONSENTED:
        return f"consent is given; the {_act(incident)} goes on"
    if moment is Moment.SWITCHED:
        return "traffic is on the old release; monitoring recovery"
    return _of_plan(plan) if plan else "looking at what serves and what can be gone back to"


def _of_plan(plan: Plan) -> str:
    if plan.flag and not plan.consent:
        return f"turning {plan.flag} off"
    if plan.stops_with:
        return f"no change: {plan.said}"
    if plan.consent:
        return "waiting for consent"
    if plan.decision is Decision.DEPLOY:
        return "deploying; the release before keeps the traffic until the new one is proven"
    if plan.decision is Decision.SHIFT:
        return f"sharing traffic out: {in_words(plan.to_shares)}"
    restarts = plan.decision is Decision.RESTART
    return "restarting what serves" if restarts else "switching traffic to the old release"


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


def _at_deadline(plan: Plan | None) -> AtDeadline:
    return plan.consent.at_deadline if plan and plan.consent else AtDeadline.REJECT


def _deadline(plan: Plan | None) -> datetime | None:
    return plan.made_at + timedelta(seconds=plan.deadline_s) if plan and plan.deadline_s else None
