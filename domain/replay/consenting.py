"""Where a request for consent stood, by the answers that were journaled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.consent import Answer, Approval, Ruling, ruling
from domain.gate import asked_about, asked_at
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.replay.step import Step, agreeing, missing
from domain.report.record import Record

STANDS = {Outcome.REJECTED: Ruling.REJECTED, Outcome.EXPIRED: Ruling.EXPIRED}


def consent(incident: Incident, record: Record, plan: Plan, key: bytes) -> list[Step]:
    """The answers, counted again; nothing where nobody was asked."""
    asked = record.last(Happened.CONSENT_ASKED)
    if asked is None:
        return []
    plan, record = asked_about(plan, record.entries), _since(record, asked)
    if plan.consent is None:
        return []
    answers = [Approval.model_validate(row.data["approval"]) for row in record.all(Happened.ANSWERED)]
    recorded = _stood(incident, record)
    if why := _without_answers(incident, record, answers, recorded):
        return [missing("consent", recorded, why)]
    deadline = datetime.fromisoformat(asked.data["deadline"])
    requester = str(asked.data.get("requester", incident.request.by))
    found = ruling(plan, answers, key, requester, deadline)
    if found is Ruling.OPEN and incident.closed_at is not None and incident.closed_at >= deadline:
        found = Ruling.EXPIRED
    people = ", ".join(f"{row.person} said {row.answer}" for row in answers) or "no answer"
    rests_on = f"{plan.consent.people} asked until {deadline:%H:%M:%S}; {people}"
    return [agreeing("consent", rests_on, recorded, found)]


def _since(record: Record, asked: Entry) -> Record:
    """What came since people were first asked this: at a gate of a deploy the answers before it were to something else."""
    same = [entry for entry in record.all(Happened.CONSENT_ASKED) if asked_at(entry) == asked_at(asked)]
    return Record(entry for entry in record.entries if entry.seq >= same[0].seq)


def _stood(incident: Incident, record: Record) -> Ruling:
    if record.last(Happened.RESUMED):
        return Ruling.APPROVED
    if closed := record.last(Happened.GATE_CLOSED):
        return Ruling(closed.data["ruling"])
    answers = [row.data["approval"]["answer"] for row in record.all(Happened.ANSWERED)]
    if incident.outcome is Outcome.SUPERSEDED and Answer.INSTEAD in answers:
        return Ruling.INSTEAD
    return STANDS.get(incident.outcome, Ruling.OPEN) if incident.outcome else Ruling.OPEN


def _without_answers(
    incident: Incident, record: Record, answers: Sequence[Approval], recorded: Ruling
) -> str:
    """Why it was no answer that ended the request; empty where it was, or where it is open."""
    if record.last(Happened.RESUMED):
        return "" if answers else "--break-glass asks nobody"
    if record.last(Happened.GATE_CLOSED):
        return ""
    if recorded is Ruling.REJECTED and all(row.answer is not Answer.REJECT for row in answers):
        return "the run was cancelled; nobody had said no"
    if recorded is Ruling.OPEN and incident.outcome is not None:
        return f"it ended as {incident.outcome} while people were asked"
    return ""
