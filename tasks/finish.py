"""Finish: quarantine, report, last words, and the application is free again."""

from contextlib import nullcontext, suppress
from datetime import UTC, datetime

from blocks import heads
from blocks.local_ledger import LocalLedger
from domain.condemn import condemned
from domain.errors import BackoutError, Unforeseen, UnknownRelease
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.release import SEEN_SINCE
from domain.report.facts import Facts
from domain.request import Kind
from tasks.act import act
from tasks.case import Case
from tasks.drop_beside import drop_beside
from tasks.give_way import at_leisure, give_way
from tasks.progress import Progress, progress
from tasks.recorded import recorded
from tasks.report import write_report
from tasks.tell import tell

NEED_PEOPLE = (
    Outcome.WENT_BACK, Outcome.STUCK, Outcome.WONT_HELP, Outcome.RESTART_FAILED, Outcome.HELD, Outcome.EXPIRED,
)  # fmt: skip


def finish(case: Case, outcome: Outcome, why: str) -> None:
    """End the incident. Closing comes last: a run killed before it finishes again, and ends with one report.

    Where a linked run does the rest and users are served, the end waits for no report: `tasks.aftermath`.
    An end that calls nobody gives way to the runs of other applications.
    """
    give_way()
    calm = outcome is Outcome.ROLLED_BACK
    with at_leisure(case.installation.home) if calm else nullcontext():
        _end(case, outcome, why)


def _end(case: Case, outcome: Outcome, why: str) -> None:
    drop_beside(case, outcome)
    put_off = puts_off(case) and outcome is Outcome.ROLLED_BACK
    case.note(Happened.ENDING, outcome=outcome, why=why, put_off=put_off)
    settle(case, outcome)
    if not put_off:
        _report_and_tell(case, outcome, why)
    case.ledger.close(case.hold, outcome)
    keep_head(case)
    closed = case.ledger.incident(case.incident.id)
    case.mirror(lambda local: local.mirror(closed, case.ledger.releases(case.document.name)))


def puts_off(case: Case) -> bool:
    """Whether what can wait is left to a linked run: our own switch is verified, and there is such a run."""
    return case.puts_off and progress(case.ledger.entries(case.incident.id)) is Progress.VERIFIED


def _report_and_tell(case: Case, outcome: Outcome, why: str) -> None:
    ended = case.ledger.incident(case.incident.id).model_copy(
        update={"outcome": outcome, "closed_at": datetime.now(UTC)}
    )
    facts = _reported(case, ended)
    with suppress(Unforeseen):  # the journal has it; an incident that stays open would block the next one
        last_words(case, ended, facts, why)


def keep_head(case: Case) -> None:
    """Note the journal's head where who can write to the store cannot reach it. A full disk does not stop the run."""
    if isinstance(case.ledger, LocalLedger):
        return  # its entries get other places in the store's journal
    with suppress(OSError):
        heads.keep(case.installation.home, case.ledger.entries(case.incident.id))


@act("settle")
def settle(case: Case, outcome: Outcome) -> None:
    """After a deploy the new release has served. After a rollback: the old release has served, the bad one is in quarantine.

    So is a new one that a deploy took back since it was seen to be bad. Not for a part: the rest still serves it. Nor after a
    drill: the release was not bad.
    """
    if outcome is Outcome.WENT_BACK:
        _quarantine_failed(case)
    if outcome not in (Outcome.ROLLED_BACK, Outcome.DEPLOYED) or not case.document.platform.whole:
        return
    plan = case.plan
    if outcome is Outcome.DEPLOYED:
        _record_deployed(case, plan)
    if plan.to_release:
        case.ledger.served(plan.application, plan.to_release, datetime.now(UTC))
    if outcome is Outcome.DEPLOYED:
        case.document.platform.keep(plan.to_release or "")
        return
    if plan.from_release and plan.from_release != plan.to_release and not case.request.drill:
        case.ledger.quarantine(plan.application, plan.from_release, case.incident.id)


def _record_deployed(case: Case, plan: Plan) -> None:
    """Once more, now that all of it runs: before, there may have been no container or pod to ask."""
    release = recorded(case, plan)
    case.ledger.record(release)
    case.note(Happened.RECORDED, release=release.model_dump(mode="json", exclude=SEEN_SINCE))


def _quarantine_failed(case: Case) -> None:
    """A deploy's release that was judged, or did not verify. One that nobody could look at, or a person stopped, was not."""
    plan, entries = case.ledger.incident(case.incident.id).plan, case.ledger.entries(case.incident.id)
    if plan is None or plan.decision is not Decision.DEPLOY or case.request.drill:
        return
    judged = [row for row in entries if row.kind in (Happened.JUDGED, Happened.VERIFIED)]
    if plan.to_release and judged and condemned(judged[-1]):
        case.ledger.quarantine(plan.application, plan.to_release, case.incident.id)
        case.note(Happened.QUARANTINED, release=plan.to_release)


@act("tell")
def last_words(case: Case, ended: Incident, facts: Facts | None, why: str) -> None:
    """Say how it ended; where people must act now, call them. A mistyped release is told to who asked, by the run's state."""
    if _mistyped(case):
        return
    tell(case, Moment.ENDED, incident=ended, facts=facts, said=[why])
    if ended.outcome in NEED_PEOPLE and not (
        ended.outcome is Outcome.HELD and case.request.kind is Kind.DEPLOY
    ):
        tell(case, Moment.ESCALATED, incident=ended, facts=facts, said=[why])


def _mistyped(case: Case) -> bool:
    """Whether a person asked for a release that no slot holds: nothing was done, and nobody else was told of it."""
    failed = (entry for entry in case.ledger.entries(case.incident.id) if entry.kind == Happened.ACT_FAILED)
    return not case.request.automatic and any(
        row.data.get("type") == UnknownRelease.__name__ for row in failed
    )


def _reported(case: Case, ended: Incident) -> Facts | None:
    """The report's facts; a report that cannot be written does not keep the incident open."""
    try:
        return write_report(case, ended)
    except BackoutError as error:
        case.note(Happened.ACT_FAILED, act="report", error=str(error))
        return None
