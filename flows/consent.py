"""Consent: the run is suspended, no process waits, and the answer starts it again from its top."""

from datetime import UTC, datetime, timedelta

from blocks.ledger import Ledger
from domain.consent import Answer, Approval, Ruling, counted, ruling
from domain.contacts import Step, called, path
from domain.errors import DataLossNotAccepted, LostLock
from domain.gate import asked_at, gate_of, question
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.policy import AtDeadline
from tasks.case import Case
from tasks.drill_consent import withdrawn_late
from tasks.ended import Ended, Interrupted
from tasks.run_log import in_flow
from tasks.tell import tell

GRACE_S = 600
"""Seconds the suspended run can still be resumed after the deadline, so that it can end with its own words."""

ENDINGS = {
    Ruling.REJECTED: Outcome.REJECTED,
    Ruling.INSTEAD: Outcome.SUPERSEDED,
    Ruling.EXPIRED: Outcome.EXPIRED,
}


def ask(case: Case, plan: Plan) -> None:
    """Go on where consent is given or nobody is asked; end where it is refused or late; else suspend the run.

    Raises:
        Ended: rejected, expired, or something else is started instead.
        DataLossNotAccepted: rows would be lost, and without Prefect nobody can be asked whether they may.
        Interrupted: Prefect has not begun the run yet, which is the one that asks.
        Pause: Prefect's own signal that the run is suspended; no process is held.
    """
    if plan.consent is None:
        return
    if case.goes_ahead:
        raise Interrupted("consent")
    if not in_flow():
        _without_prefect(case, plan)
        return
    stand = ruled(case, plan)
    if stand in ENDINGS:
        raise Ended(ENDINGS[stand], reason(case, plan))
    tell(case, Moment.CONSENTED, said=[reason(case, plan)])
    case.note(Happened.RESUMED)


def ruled(case: Case, plan: Plan) -> Ruling:
    """What people, or the deadline, decided about the plan, or one of its gates; does not return while that is open.

    Raises Pause, Prefect's own signal that the run is suspended.
    """
    from flows.answered_form import take_in

    asked = last_asked(case.ledger, case.incident.id, plan)
    if asked is not None:
        take_in(case, plan, asked)
    stand = _stand(case, plan)
    if stand is Ruling.OPEN and asked is not None and datetime.now(UTC) >= deadline_of(asked):
        stand = _at_deadline(case, plan)
    return _suspend(case, plan, asked) if stand is Ruling.OPEN else stand


def _without_prefect(case: Case, plan: Plan) -> None:
    """An incident that waited for people when Prefect went away: break-glass is the consent, but never to losing rows."""
    if plan.confirm_rows:
        stand = _stand(case, plan)
        if stand in ENDINGS:
            raise Ended(ENDINGS[stand], reason(case, plan))
        if stand is Ruling.OPEN:
            accepted = case.request.wish.accept_data_loss or 0
            lost = plan.database.at_risk if plan.database else plan.at_risk
            raise DataLossNotAccepted(rows=plan.confirm_rows, accepted=accepted, what_is_lost=lost)
    case.note(Happened.RESUMED, why="break-glass asks nobody")


def _stand(case: Case, plan: Plan) -> Ruling:
    """Where the request stands by the answers that are kept now."""
    asked = last_asked(case.ledger, case.incident.id, plan)
    return ruling(
        plan,
        case.ledger.approvals(case.incident.id),
        case.installation.approvals_key,
        _requester(case),
        deadline_of(asked) if asked else None,
    )


def _requester(case: Case) -> str:
    """Who asked for the rollback, as who answers is named."""
    return called(case.document.contacts, case.request.by.partition("@")[0]).name


def counting(case: Case, plan: Plan) -> list[Approval]:
    """The answers that are kept and count, in their order."""
    asked = last_asked(case.ledger, case.incident.id, plan)
    approvals, key = case.ledger.approvals(case.incident.id), case.installation.approvals_key
    return counted(plan, approvals, key, deadline_of(asked) if asked else None)


def last_asked(ledger: Ledger, incident: str, plan: Plan | None = None) -> Entry | None:
    """The last time that people were asked, about this plan where it is given: each gate is asked about for itself.

    None where they were not.
    """
    asked = [entry for entry in ledger.entries(incident) if entry.kind == Happened.CONSENT_ASKED]
    if plan is not None:
        asked = [entry for entry in asked if asked_at(entry) == gate_of(plan)]
    return asked[-1] if asked else None


def deadline_of(asked: Entry) -> datetime:
    """Until when an answer counts."""
    return datetime.fromisoformat(asked.data["deadline"])


def deadline_from(now: datetime, plan: Plan) -> datetime:
    """No approval outlasts its RTO, but where the policy has the request go on to the next contact."""
    return now + timedelta(seconds=min(plan.deadline_s, plan.rto_s or plan.deadline_s))


def _at_deadline(case: Case, plan: Plan) -> Ruling:
    """Nobody answered: what policy says, but never yes to a plan with something at risk."""
    from flows.answered_form import keep

    yes = plan.unanswered is AtDeadline.APPROVE
    said = Answer.APPROVE if yes else Answer.REJECT
    keep(case, Approval(
        incident=case.incident.id, plan=plan.digest(), answer=said, person="deadline", via="deadline", proven=True,
        reason="nobody answered in time",
    ))  # fmt: skip
    return Ruling.APPROVED if yes else Ruling.EXPIRED


def reason(case: Case, plan: Plan) -> str:
    """Who decided, and why: the last answer that counts, whoever else had an opinion."""
    last = counting(case, plan)[-1]
    said = f"{last.answer} {last.instead}" if last.instead else f"{last.answer}, and no reason"
    return f"{last.person} ({last.via}): {last.reason or said}"


def _suspend(case: Case, plan: Plan, asked: Entry | None) -> Ruling:
    """Suspend the run; returns only where an answer came before it could be suspended."""
    from domain.report.request_text import Beside
    from flows.suspension import page_of_run, schedule_deadline, suspend

    calls, deadline = _time_to_answer(case, plan, asked)
    key = f"consent-{len(case.ledger.entries(case.incident.id))}"
    dashboards = case.document.dashboards
    said = [
        *(f"If nobody answers: {step}" for step in calls),
        *(f"{name}: {url}" for name, url in dashboards.items()),
    ]
    about, gate = case.ledger.incident(case.incident.id), gate_of(plan)
    tell(
        case, Moment.ASKED, incident=about.model_copy(update={"plan": plan}), said=said, link=page_of_run(),
        once=question(plan),
    )  # fmt: skip
    schedule_deadline(case.run, case.incident.id, deadline, key)
    case.note(
        Happened.CONSENT_ASKED, deadline=deadline.isoformat(), plan=plan.digest(), key=key, run=case.run,
        requester=_requester(case), path=[step.model_dump(mode="json") for step in calls],
        gate=gate.model_dump(mode="json") if gate else None,
    )  # fmt: skip
    case.ledger.wait(case.hold, deadline)
    withdrawn_late(case, plan)
    stand = _stand(case, plan)
    if stand is Ruling.OPEN:
        suspend(
            plan,
            case.incident.id,
            key,
            deadline,
            GRACE_S,
            Beside(calls, dashboards, bool(case.request.drill)),
        )
    _act_again(case)
    return stand


def _time_to_answer(case: Case, plan: Plan, asked: Entry | None) -> tuple[list[Step], datetime]:
    """Whom it goes to while nobody answers, and until when; asked again, it stays as it was."""
    if asked is not None:
        return calls_of(asked), deadline_of(asked)
    now = datetime.now(UTC)
    deadline = deadline_from(now, plan)
    if plan.unanswered is not AtDeadline.ESCALATE:
        return [], deadline
    return path(case.document.contacts, now, (deadline - now).total_seconds())


def calls_of(asked: Entry) -> list[Step]:
    """Whom the request goes to while nobody answers."""
    return [Step.model_validate(step) for step in asked.data.get("path", [])]


def _act_again(case: Case) -> None:
    """Hold the application as an acting run does: it was kept for people's answer, which is here."""
    begun = case.ledger.begin(case.request, case.run)
    if begun.hold is None:
        raise LostLock(application=case.document.name, incident=case.incident.id)
    case.hold = begun.hold
