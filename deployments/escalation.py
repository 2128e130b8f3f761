"""Requests that nobody answers: each contact on the escalation path is named on the channels when their turn comes."""

from datetime import UTC, datetime

from prefect.logging import get_logger

from blocks.installation import Installation
from blocks.store import waiting
from deployments.answering import asked_last, plan_asked, stands_now
from deployments.applications import document
from domain.consent import Ruling
from domain.contacts import Step
from domain.errors.unforeseen import in_words
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Message, Moment
from domain.severity import Severity
from tasks.tell import hearers, marked


def call_next(here: Installation) -> list[str]:
    """Name whoever's turn has come, of every request that still waits; one line each, for the log.

    One that meets a defect, or whose application cannot be read now, keeps no other's call back: it is tried again.
    """
    called = []
    for waiting_one in waiting.waiting(here.store.database):
        try:
            incident = here.store.incident(waiting_one)
            called += [_call(here, incident, step) for step in _due(here, incident)]
        except Exception as error:  # noqa: BLE001 - see above
            get_logger("backout.consent").warning(
                "%s: nobody could be called: %s", waiting_one, in_words(error)
            )
    for line in called:
        get_logger("backout.consent").warning("%s", line)
    return called


def _due(here: Installation, incident: Incident) -> list[Step]:
    """The steps whose time has come and that were not made; none once the request is answered."""
    asked, now = asked_last(here, incident.id), datetime.now(UTC)
    path = asked.data.get("path", []) if asked else []
    plan = plan_asked(here, incident)
    if not path or plan is None or stands_now(here, incident, plan) is not Ruling.OPEN:
        return []
    made = [entry.data["step"] for entry in here.store.entries(incident.id) if entry.kind == Happened.CALLED]
    steps = [Step.model_validate(step) for step in path]
    return [step for step in steps if step.at <= now and step.model_dump(mode="json") not in made]


def _call(here: Installation, incident: Incident, step: Step) -> str:
    """Post it and note it. Killed in between, it is posted again under the same key, which the outbox knows."""
    described = document(here, incident.application)
    message = _message(incident, step, here.store.entries(incident.id), asked_last(here, incident.id))
    drill = incident.request.drill
    if drill:
        message = marked(message)
    channels = hearers(described, message, drill=drill)
    here.store.post(message, channels)
    noted = {"who": step.who, "reach": step.reach, "step": step.model_dump(mode="json"), "channels": channels}
    here.store.append(incident.id, Happened.CALLED, noted)
    return f"{incident.id}: nobody answered yet; called {step.who}"


def _message(incident: Incident, step: Step, entries: list[Entry], asked: Entry | None) -> Message:
    plan = incident.plan
    moves = f"{plan.from_release or 'unknown'} → {plan.to_release or 'no target'}" if plan else ""
    until = f"{datetime.fromisoformat(asked.data['deadline']):%H:%M:%S} UTC" if asked else "its deadline"
    text = (
        f"Nobody has answered whether to change {incident.application} {moves}. Next to call: **{step.who}**, {step.reach}.\n\n"
        f"Answer until {until}, then it is rejected: `backout approve {incident.id}` or "
        f'`backout reject {incident.id} --reason "..."`.'
    )
    return Message(
        incident=incident.id,
        application=incident.application,
        moment=Moment.ESCALATED,
        severity=plan.severity if plan else Severity.HIGH,
        title=f"📞 CALL {step.who}: {incident.application} waits for consent",
        text=text,
        head=entries[-1].mac if entries else "",
    )
