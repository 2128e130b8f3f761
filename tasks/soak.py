"""Soak: errors, the trend of response time, logs, restarts, memory and CPU of what serves now, until the watch is over."""

from datetime import UTC, datetime

from domain.bad_looks import Seen
from domain.condemn import against
from domain.errors import BackoutError, StoreUnavailable
from domain.findings import summary
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.outcomes import Outcome
from domain.release import Slot
from domain.request import Kind
from domain.shares import in_words
from domain.soak import TREND, Sample, against_release, keeps_restarting, restarted
from domain.soak import trouble as got_worse
from tasks.case import Case
from tasks.checklist import write_checklist
from tasks.commit import commit
from tasks.look import ROUTER, through_router
from tasks.read_logs import ERRORS, LINES
from tasks.report import facts_of, write_report
from tasks.tell import tell
from tasks.verify import look_until_ok, unproven

ALL_CHECKS_EVERY_S = 60
"""Seconds between two samples with every check; the others look at health alone, and leave no smoke users behind."""

TOUCHED = (
    Outcome.ROLLED_BACK, Outcome.WENT_BACK, Outcome.STUCK, Outcome.RESTARTED, Outcome.RESTART_FAILED,
    Outcome.SHIFTED, Outcome.DEPLOYED,
)  # fmt: skip
"""Ends of incidents that moved traffic, or restarted what serves."""


def started(case: Case, until: datetime) -> datetime:
    """Note that the watch began; when it ends. A watch that was started again keeps its first end."""
    noted = _entries(case, Happened.WATCH_STARTED)
    if noted:
        return datetime.fromisoformat(noted[0].data["until"])
    case.note(Happened.WATCH_STARTED, until=until.isoformat())
    return until


def overtaken(case: Case) -> str | None:
    """A newer incident that moved traffic or restarted what serves: this watch has nothing left to say. None where there is none."""
    newer = (
        incident
        for incident in case.ledger.incidents(case.document.name, case.incident.opened_at)
        if incident.id != case.incident.id and incident.outcome in TOUCHED
    )
    return next((incident.id for incident in newer), None)


def newer_release(case: Case) -> str | None:
    """A release that came after the rollback and serves: recorded since, or never seen before. A normal new release."""
    try:
        serving = case.document.platform.route().slot
        if serving is None:
            return None
        version = case.document.platform.slot(serving).version
    except BackoutError:
        return None
    after = case.incident.closed_at or case.incident.opened_at
    releases = case.ledger.releases(case.document.name)
    recorded = any(row.version == version and row.recorded_at > after for row in releases)
    known = [None, case.plan.from_release, case.plan.to_release, *(row.version for row in releases)]
    return version if recorded or version not in known else None


def under_way(case: Case) -> bool:
    """Whether a newer incident is worked on now: what is seen meanwhile says nothing about the rollback."""
    holder = case.installation.store.holder(case.document.name)
    return holder is not None and holder.alive


def superseded(case: Case, newer: str) -> str:
    """The watch gives way to a newer incident or release: `incident ID took over`, `superseded by release X`."""
    why = newer
    case.note(Happened.WATCH_ENDED, ok=False, why=why)
    # Told as superseded, so that a status page leaves the state of the component to what is newer.
    gone = case.ledger.incident(case.incident.id).model_copy(update={"outcome": Outcome.SUPERSEDED})
    tell(case, Moment.WATCHED, incident=gone, said=[why])
    return f"incident {case.incident.id}: {why}"


def look_again(case: Case, *, every_check: bool = False) -> Seen:
    """One sample. What cannot be seen is no data; `every_check` looks at all, and at the signals that fired too."""
    try:
        return _look(case, every_check=every_check)
    except BackoutError as error:
        if isinstance(error, StoreUnavailable):
            raise
        return Seen(f"could not be looked at: {error.what()}", no_data=True)


def _look(case: Case, *, every_check: bool) -> Seen:
    document, plan = case.document, case.plan
    served = document.platform.route().served
    if plan.to_slot is None or set(served) != set(plan.after):
        said = f"traffic is on {in_words(served) or None} now, no longer on {in_words(plan.after) or None}"
        return Seen(said, certain=True)
    noted = _entries(case, Happened.WATCH_SAMPLE)
    earlier = [Sample.model_validate(entry.data) for entry in noted]
    sample = _sample(case, document.platform.slot(plan.to_slot), every_check=every_check or _due(case, noted))
    worse = got_worse(earlier, sample)
    wrong = [*unproven(document, sample.findings), *worse]
    if every_check:
        wrong += _not_proven_again(case, sample)
    problem = "; ".join(dict.fromkeys(wrong))
    if problem or len(noted) < TREND or _to_be_noted(sample, noted):
        case.note(Happened.WATCH_SAMPLE, **sample.model_dump(mode="json"), said=summary(sample.findings))
    bad = [*against_release(earlier, sample), *_of_the_release(case, sample)]
    times = restarted(earlier, sample)
    # After a rollback it only tells people: there one restart is enough.
    certain = bool(times) and (case.request.kind is not Kind.DEPLOY or keeps_restarting(earlier, sample))
    return Seen(problem, certain=certain, bad=bool(bad), once=bool(times) and wrong == times and not certain)


def _to_be_noted(sample: Sample, noted: list[Entry]) -> bool:
    """Each with every check. Where there is none beside health one in a while: what is on record is evidence (`commit`)."""
    return len(sample.findings) > 1 or (sample.at - noted[-1].at).total_seconds() >= ALL_CHECKS_EVERY_S


def _of_the_release(case: Case, sample: Sample) -> list[str]:
    """What is bad for users, and was not so in the same way before: the database, and what was not seen, are no fault of a release."""
    found = [finding for finding in sample.findings if finding.bad]
    return against(found, health=case.document.health.name, users=ROUTER, before=case.plan.seen)


def _not_proven_again(case: Case, sample: Sample) -> list[str]:
    """The signals that fired, and are not ok: for these no data is not enough."""
    fired = {finding.name for finding in case.request.detection}
    return [
        f"{finding.name}: {finding.said}"
        for finding in sample.findings
        if finding.name in fired and not finding.ok
    ]


def stays_well(case: Case) -> str:
    """The watch ended well: the signal that fired is ok again, and nothing else went bad. That is evidence for the release."""
    committed = commit(case)
    case.note(Happened.WATCH_ENDED, ok=True, why="nothing bad was seen")
    return _amend(case, "; ".join(filter(None, ["nothing bad was seen", committed])))


def trouble(case: Case, problem: str, only_told: str = "") -> str:
    """The watch saw trouble: people are called, or the rollback of a deploy was started, which calls whom it needs.

    `only_told`: why nothing was started.
    """
    case.note(Happened.WATCH_ENDED, ok=False, why=problem)
    if any(entry.kind == Happened.ROLLBACK_STARTED for entry in case.ledger.entries(case.incident.id)):
        return _amend(case, f"{problem}; the rollback is started")
    tell(case, Moment.ESCALATED, said=[problem, *([only_told] if only_told else [])])
    return _amend(case, problem)


def _entries(case: Case, kind: Happened) -> list[Entry]:
    return [entry for entry in case.ledger.entries(case.incident.id) if entry.kind == kind]


def _due(case: Case, noted: list[Entry]) -> bool:
    """Whether it is time for every check again: after a while, and until one that was bad is seen ok."""
    full = [entry for entry in noted if len(entry.data["findings"]) > 1]
    if not full or unproven(case.document, Sample.model_validate(full[-1].data).findings):
        return True
    return (datetime.now(UTC) - full[-1].at).total_seconds() >= ALL_CHECKS_EVERY_S


def _sample(case: Case, slot: Slot, *, every_check: bool) -> Sample:
    document = case.document
    findings = (
        look_until_ok(document, slot.name, None if case.plan.to_shares else case.plan.to_release)
        if every_check
        else through_router(document, [document.health], slot.name)
    )
    lines = document.platform.logs(slot.name, LINES)
    errors = sum(1 for line in lines if ERRORS.search(line))
    return Sample(
        findings=findings,
        restarts=slot.restarts,
        usage=document.platform.usage(slot.name),
        error_lines=errors if lines else None,
    )


def _amend(case: Case, why: str) -> str:
    incident = case.ledger.incident(case.incident.id)
    tell(case, Moment.WATCHED, facts=facts_of(case, incident), said=[why])
    facts = write_report(case, incident)
    if incident.outcome is Outcome.ROLLED_BACK:
        write_checklist(case, facts)
    return f"incident {incident.id}: {why}"
