"""Soak: errors, the trend of response time, logs, restarts and memory of what serves now, until the watch is over."""

import re
from datetime import UTC, datetime

from domain.findings import summary
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.outcomes import Outcome
from domain.release import Slot
from domain.soak import TREND, Sample
from domain.soak import trouble as got_worse
from tasks.case import Case
from tasks.look import through_router
from tasks.report import facts_of, write_report
from tasks.tell import tell
from tasks.verify import look_until_ok, unproven

ALL_CHECKS_EVERY_S = 60
"""Seconds between two samples with every check; the others look at health alone, and leave no smoke users behind."""

LINES = 100
ERRORS = re.compile(r"\b(ERROR|CRITICAL|FATAL)\b|Traceback")
MOVED_TRAFFIC = (Outcome.ROLLED_BACK, Outcome.WENT_BACK, Outcome.STUCK)


def started(case: Case, until: datetime) -> datetime:
    """Note that the watch began; when it ends. A watch that was started again keeps its first end."""
    noted = _entries(case, Happened.WATCH_STARTED)
    if noted:
        return datetime.fromisoformat(noted[0].data["until"])
    case.note(Happened.WATCH_STARTED, until=until.isoformat())
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
    platform, plan = case.document.platform, case.plan
    serving = platform.route().slot
    if serving is None or serving != plan.to_slot:
        return f"traffic is on {serving} now, no longer on {plan.to_slot}"
    noted = _entries(case, Happened.WATCH_SAMPLE)
    earlier = [Sample.model_validate(entry.data) for entry in noted]
    sample = _sample(case, platform.slot(serving), every_check=_due(noted))
    problem = "; ".join([*unproven(case.document, sample.findings), *got_worse(earlier, sample)])
    if problem or len(sample.findings) > 1 or len(noted) < TREND:
        case.note(Happened.WATCH_SAMPLE, **sample.model_dump(mode="json"), said=summary(sample.findings))
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


def _entries(case: Case, kind: Happened) -> list[Entry]:
    return [entry for entry in case.ledger.entries(case.incident.id) if entry.kind == kind]


def _due(noted: list[Entry]) -> bool:
    """Whether it is time for every check again."""
    full = [entry.at for entry in noted if len(entry.data["findings"]) > 1]
    return not full or (datetime.now(UTC) - full[-1]).total_seconds() >= ALL_CHECKS_EVERY_S


def _sample(case: Case, slot: Slot, *, every_check: bool) -> Sample:
    document = case.document
    findings = (
        look_until_ok(document, slot.name, case.plan.to_release)
        if every_check
        else through_router(document, [document.health], slot.name)
    )
    lines = document.platform.logs(slot.name, LINES)
    errors = sum(1 for line in lines if ERRORS.search(line))
    return Sample(
        findings=findings,
        restarts=slot.restarts,
        memory_mb=document.platform.memory_mb(slot.name),
        error_lines=errors if lines else None,
    )


def _amend(case: Case, why: str) -> str:
    incident = case.ledger.incident(case.incident.id)
    tell(case, Moment.WATCHED, facts=facts_of(case, incident), said=[why])
    write_report(case, incident)
    return f"incident {incident.id}: {why}"
