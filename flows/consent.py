"""Consent: the run is suspended, no process waits, and the answer starts it again from its top."""

from datetime import UTC, datetime, timedelta

from blocks.ledger import Ledger
from domain.consent import Answer, Approval, Ruling, accepts, form_counts, ruling
from domain.errors import DataLossNotAccepted, LostLock
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.policy import AtDeadline
from tasks.case import Case
from tasks.ended import Ended
from tasks.run_log import in_flow
from tasks.tell import tell

GRACE_S = 600
"""Seconds the suspended run can still be resumed after the deadline, so that it can end with its own words."""

ENDINGS = {Ruling.REJECTED: Outcome.REJECTED, Ruling.EXPIRED: Outcome.EXPIRED}


def ask(case: Case, plan: Plan) -> None:
    """Go on where consent is given or nobody is asked; end where it is refused or late; else suspend the run.

    Raises:
        Ended: rejected or expired.
        DataLossNotAccepted: rows would be lost, and without Prefect nobody can be asked whether they may.
        Pause: Prefect's own signal that the run is suspended; no process is held.
    """
    if plan.consent is None:
        return
    if not in_flow():
        _without_prefect(case, plan)
        return
    asked = last_asked(case.ledger, case.incident.id)
    if asked is not None:
        _take_in_form(case, plan, asked)
    stand = _stand(case, plan)
    if stand is Ruling.OPEN and asked is not None and datetime.now(UTC) >= deadline_of(asked):
        stand = _at_deadline(case, plan)
    if stand is Ruling.OPEN:
        stand = _suspend(case, plan, asked)
    if stand in ENDINGS:
        raise Ended(ENDINGS[stand], _reason(case))
    case.note(Happened.RESUMED)


def _without_prefect(case: Case, plan: Plan) -> None:
    """An incident that waited for people when Prefect went away: break-glass is the consent, but never to losing rows."""
    if plan.confirm_rows:
        stand = _stand(case, plan)
        if stand in ENDINGS:
            raise Ended(ENDINGS[stand], _reason(case))
        if stand is Ruling.OPEN:
            accepted = case.request.wish.accept_data_loss or 0
            lost = plan.database.at_risk if plan.database else plan.at_risk
            raise DataLossNotAccepted(rows=plan.confirm_rows, accepted=accepted, what_is_lost=lost)
    case.note(Happened.RESUMED, why="break-glass asks nobody")


def _stand(case: Case, plan: Plan) -> Ruling:
    """Where the request stands by the answers that are kept now."""
    asked = last_asked(case.ledger, case.incident.id)
    return ruling(
        plan,
        case.ledger.approvals(case.incident.id),
        case.installation.approvals_key,
        case.request.by,
        deadline_of(asked) if asked else None,
    )


def last_asked(ledger: Ledger, incident: str) -> Entry | None:
    """The last time that people were asked; None where they were not."""
    asked = [entry for entry in ledger.entries(incident) if entry.kind == Happened.CONSENT_ASKED]
    return asked[-1] if asked else None


def deadline_of(asked: Entry) -> datetime:
    """Until when an answer counts."""
    return datetime.fromisoformat(asked.data["deadline"])


def deadline_from(now: datetime, plan: Plan) -> datetime:
    """No approval outlasts its RTO."""
    return now + timedelta(seconds=min(plan.deadline_s, plan.rto_s or plan.deadline_s))


def answer(case: Case, approval: Approval) -> None:
    """Sign and keep one answer."""
    signed = approval.signed(case.installation.approvals_key)
    case.ledger.answer(signed)
    case.note(Happened.ANSWERED, approval=signed.model_dump(mode="json"))


def _at_deadline(case: Case, plan: Plan) -> Ruling:
    """Nobody answered: what policy says, but never yes to a plan with something at risk."""
    yes = plan.consent is not None and plan.consent.at_deadline is AtDeadline.APPROVE and not plan.at_risk
    said = Answer.APPROVE if yes else Answer.REJECT
    answer(case, Approval(
        incident=case.incident.id, plan=plan.digest(), answer=said, person="deadline", via="deadline", proven=True,
        reason="nobody answered in time",
    ))  # fmt: skip
    return Ruling.APPROVED if yes else Ruling.EXPIRED


def _reason(case: Case) -> str:
    last = case.ledger.approvals(case.incident.id)[-1]
    return f"{last.person} ({last.via}): {last.reason or f'{last.answer}, and no reason'}"


def _take_in_form(case: Case, plan: Plan, asked: Entry) -> None:
    """Keep what was filled into Prefect's form since it was asked; an answer by the CLI is kept already."""
    from flows.prefect_runs import NOBODY
    from flows.suspension import filled_in

    form = filled_in(asked.data["key"])
    known = {row.person for row in case.ledger.approvals(case.incident.id) if accepts(row, plan)}
    if form is None or form.your_name in (known | {NOBODY}):
        return
    answer(case, Approval(
        incident=case.incident.id, plan=plan.digest(), answer=Answer(form.decision), person=form.your_name, via="ui",
        proven=False, reason=form.reason, accepted_rows=form.rows_lost, at=form.at,
    ))  # fmt: skip
    if plan.consent is not None and not form_counts(plan.consent):
        step = f"use `backout approve {case.incident.id}` or `backout reject {case.incident.id}`"
        _say_it_does_not_count(case, form.your_name, step)
    elif form.decision == "approve" and form.rows_lost < plan.confirm_rows:
        step = f"the plan loses {plan.confirm_rows} rows, and {form.rows_lost} were accepted: answer again"
        _say_it_does_not_count(case, form.your_name, step)


def _say_it_does_not_count(case: Case, name: str, step: str) -> None:
    """Whoever answered believes that it is done."""
    tell(case, Moment.ESCALATED, said=[f"{name} answered in the form, which does not count here: {step}"])


def _suspend(case: Case, plan: Plan, asked: Entry | None) -> Ruling:
    """Suspend the run; returns only where an answer came before it could be suspended."""
    from flows.suspension import schedule_deadline, suspend

    deadline = deadline_of(asked) if asked else deadline_from(datetime.now(UTC), plan)
    key = f"consent-{len(case.ledger.entries(case.incident.id))}"
    tell(case, Moment.ASKED)
    schedule_deadline(case.run, case.incident.id, deadline, key)
    case.note(
        Happened.CONSENT_ASKED, deadline=deadline.isoformat(), plan=plan.digest(), key=key, run=case.run
    )
    case.ledger.wait(case.hold, deadline)
    stand = _stand(case, plan)
    if stand is Ruling.OPEN:
        suspend(plan, case.incident.id, key, deadline, GRACE_S)
    _act_again(case)
    return stand


def _act_again(case: Case) -> None:
    """Hold the application as an acting run does: it was kept for people's answer, which is here."""
    begun = case.ledger.begin(case.request, case.run)
    if begun.hold is None:
        raise LostLock(application=case.document.name, incident=case.incident.id)
    case.hold = begun.hold
