"""Taking in what was filled into Prefect's form: whose it is, whether it counts, and telling them where it does not."""

from blocks.store import codes
from blocks.store.codes import Asked
from domain.consent import NOBODY, Answer, Approval, form_counts, may_answer
from domain.contacts import Person, called
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.offers import SHIFT, start_of
from domain.plan import Plan
from domain.request import HOTFIX
from flows.suspension import FilledIn, filled_in
from tasks.case import Case
from tasks.tell import tell

UI = "ui"


def take_in(case: Case, plan: Plan, asked: Entry) -> None:
    """Keep the form's answer since it was asked; an answer by CLI or Slack is kept already.

    A code that is right makes it a proven answer of whoever took the code; a name alone is only what somebody typed.
    """
    form = filled_in(asked.data["key"])
    if form is None or form.your_name == NOBODY:
        return
    if any(row.via == UI and row.at == form.at for row in case.ledger.approvals(case.incident.id)):
        return  # kept by this run before it was started again
    answerer = (
        _by_code(case, plan, asked, form) if form.code else called(case.document.contacts, form.your_name)
    )
    if answerer is None:
        return
    keep(case, _approval(case, plan, form, answerer))
    if problem := _problem(case, plan, form, answerer):
        _say_it_does_not_count(case, form.your_name, problem)


def keep(case: Case, approval: Approval) -> None:
    """Sign and keep one answer."""
    signed = approval.signed(case.installation.approvals_key)
    case.ledger.answer(signed)
    case.note(Happened.ANSWERED, approval=signed.model_dump(mode="json"))


def _approval(case: Case, plan: Plan, form: FilledIn, answerer: Person) -> Approval:
    instead = _instead(form)
    counts = not instead or start_of(instead, plan.offers) is not None
    answer = Answer.INSTEAD if instead else Answer(form.decision)
    return Approval(
        incident=case.incident.id, plan=plan.digest() if counts else "", answer=answer, person=answerer.name,
        roles=list(answerer.roles), via=UI, proven=bool(form.code), reason=form.reason, accepted_rows=form.rows_lost,
        instead=instead, at=form.at,
    )  # fmt: skip


def _instead(form: FilledIn) -> str:
    """What they want in place of the plan, `hotfix:2.0.1` or `shift:50`; empty for a yes or a no."""
    if form.decision in (Answer.APPROVE, Answer.REJECT):
        return ""
    named = {HOTFIX: f"{HOTFIX}:{form.fix_release.strip()}", SHIFT: f"{SHIFT}:{form.share}"}
    return named.get(form.decision, form.decision)


def _problem(case: Case, plan: Plan, form: FilledIn, answerer: Person) -> str:
    """Why it does not count, and what to do; empty where it may."""
    by_hand = f"use `backout approve {case.incident.id}` or `backout reject {case.incident.id}`"
    if not form.code and plan.consent is not None and not form_counts(plan.consent):
        return f"a name alone is no proof: give a code from `backout approve-code {case.incident.id}` with it, or {by_hand}"
    if plan.consent is not None and not may_answer(plan.consent, answerer.name, answerer.roles):
        return f"the policy asks {', '.join(plan.consent.approvers)}: call one of them"
    if form.decision == Answer.APPROVE and form.rows_lost < plan.confirm_rows:
        return f"the plan loses {plan.confirm_rows} rows, and {form.rows_lost} were accepted: answer again"
    if form.decision == HOTFIX and start_of(_instead(form), plan.offers) is None:
        return "a hotfix needs the release that holds the fix: answer again"
    if form.decision == SHIFT and start_of(_instead(form), plan.offers) is None:
        return "a shift needs the share that is moved, 1 to 99 per cent: answer again"
    return ""


def _by_code(case: Case, plan: Plan, asked: Entry, form: FilledIn) -> Person | None:
    """Whose code it is; None where it is wrong, used or too late: told and noted once."""
    key = asked.data["key"]
    refused = [row for row in case.ledger.entries(case.incident.id) if row.kind == Happened.CODE_REFUSED]
    if any(row.data.get("form") == key for row in refused):
        return None
    name = codes.redeem(
        case.installation.store.database, Asked(case.incident.id, plan.digest()), form.code, key, form.at,
        case.installation.approvals_key,
    )  # fmt: skip
    if name is not None:
        return called(case.document.contacts, name)
    case.note(Happened.CODE_REFUSED, name=form.your_name, form=key)
    again = f"take a new one with `backout approve-code {case.incident.id}`, and answer again"
    _say_it_does_not_count(case, form.your_name, f"its code is wrong, used or too old: {again}")
    return None


def _say_it_does_not_count(case: Case, name: str, step: str) -> None:
    """Whoever answered believes that it is done."""
    said = f"{name} answered in the form, which does not count here: {step}"
    tell(case, Moment.ESCALATED, said=[said], once=said)
