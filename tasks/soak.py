"""Soak: errors, the trend of response time, logs and restarts of what serves now, until the watch is over."""

from datetime import datetime
from statistics import median

from domain.findings import Finding, summary
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.outcomes import Outcome
from tasks.case import Case
from tasks.report import facts_of, write_report
from tasks.tell import tell
from tasks.verify import look_until_ok, unproven

NOTED_EVERY_S = 60
"""Seconds between two good samples in the journal; the first ones and every bad one go in."""

SLOWER = 2.0
"""Times the first samples' median at which the trend of response time counts as trouble (A, J: loss over 50 %)."""

TREND = 5

MOVED_TRAFFIC = (Outcome.ROLLED_BACK, Outcome.WENT_BACK, Outcome.STUCK)


def started(case: Case, until: datetime) -> datetime:
    """Note that the watch began; when it ends. A watch that was started again keeps its first end."""
    before = next(
        (entry for entry in case.ledger.entries(case.incident.id) if entry.kind == Happened.WATCH_STARTED),
        None,
    )
    if before is not None:
        return datetime.fromisoformat(before.data["until"])
    restarts = {slot.name: slot.restarts for slot in case.document.platform.slots()}
    case.note(Happened.WATCH_STARTED, until=until.isoformat(), restarts=restarts)
    return until


def overtaken(case: Case) -> str | None:
    """A newer incident that moved traffic: this watch has nothing left to say. None where there is none."""
    newer = (
        incident
        for incident in case.ledger.incidents(case.document.name, case.incident.opened_at)
        if incident.id != case.incident.id and incident.outcome in MOVED_TRAFFIC
    )
    return next((incident.id for incident in newer), None)


def under_way(case: Case) -> bool:
    """Whether a newer incident is worked on now: what is seen meanwhile says nothing about the rollback."""
    holder = case.installation.store.holder(case.document.name)
    return holder is not None and holder.alive


def superseded(case: Case, newer: str) -> str:
    """The watch gives way to a newer incident."""
    why = f"incident {newer} took over"
    case.note(Happened.WATCH_ENDED, ok=False, why=why)
    return f"incident {case.incident.id}: {why}"


def look_again(case: Case) -> str:
    """One sample; what is wrong in one line, empty where nothing is."""
    serving = case.document.platform.route().slot
    if serving != case.plan.to_slot:
        return f"traffic is on {serving} now, no longer on {case.plan.to_slot}"
    findings = look_until_ok(case.document, serving, case.plan.to_release)
    entries = case.ledger.entries(case.incident.id)
    problem = "; ".join(
        [*unproven(case.document, findings), *_restarted(case, entries), *_slower(entries, findings)]
    )
    _note(case, entries, findings, problem)
    return problem


def stays_well(case: Case) -> str:
    """The watch ended well: the signal that fired is ok again, and nothing else went bad."""
    case.note(Happened.WATCH_ENDED, ok=True, why="nothing bad was seen")
    return _amend(case, "nothing bad was seen")


def trouble(case: Case, problem: str) -> str:
    """The watch saw trouble: people are told. Nothing is switched: never flip back and forth."""
    case.note(Happened.WATCH_ENDED, ok=False, why=problem)
    tell(case, Moment.ESCALATED, said=[problem])
    return _amend(case, problem)


def _amend(case: Case, why: str) -> str:
    incident = case.ledger.incident(case.incident.id)
    tell(case, Moment.WATCHED, facts=facts_of(case, incident), said=[why])
    write_report(case, incident)
    return f"incident {incident.id}: {why}"


def _note(case: Case, entries: list[Entry], findings: list[Finding], problem: str) -> None:
    samples = [entry for entry in entries if entry.kind == Happened.WATCH_SAMPLE]
    since = (datetime.now(samples[-1].at.tzinfo) - samples[-1].at).total_seconds() if samples else None
    if problem or since is None or len(samples) < TREND or since >= NOTED_EVERY_S:
        case.note(
            Happened.WATCH_SAMPLE,
            findings=[finding.model_dump(mode="json") for finding in findings],
            said=summary(findings),
        )


def _restarted(case: Case, entries: list[Entry]) -> list[str]:
    began: dict[str, int] = next(
        (entry.data.get("restarts", {}) for entry in entries if entry.kind == Happened.WATCH_STARTED), {}
    )
    return [
        f"{slot.name} was restarted"
        for slot in case.document.platform.slots()
        if slot.name == case.plan.to_slot and slot.restarts > began.get(slot.name, slot.restarts)
    ]


def _slower(entries: list[Entry], findings: list[Finding]) -> list[str]:
    """Whether health answers much slower than in the watch's first samples."""
    health = [
        finding["value"]
        for entry in entries
        if entry.kind == Happened.WATCH_SAMPLE
        for finding in entry.data["findings"][:1]
        if finding["value"]
    ]
    now = findings[0].value if findings else None
    if now is None or len(health) < TREND * 2:
        return []
    first, recent = median(health[:TREND]), median([*health[-TREND + 1 :], now])
    slow = recent > SLOWER * first and recent - first > 0.25  # noqa: PLR2004 - seconds; below that nobody notices
    return [f"{findings[0].name} takes {recent:.2f} s, at first {first:.2f} s"] if slow else []
