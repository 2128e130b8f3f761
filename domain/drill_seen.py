"""From what was seen in a drill to its figures and its checklist (NotesHub "Testing Rollback Procedures")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.drill import Drill, Figures, Item
from domain.findings import Finding, Verdict
from domain.outcomes import Outcome
from domain.report.facts import Facts

RECENT = timedelta(hours=25)
"""A backup each day is recent."""


@dataclass
class Seen:
    """What a drill looked at beside the incident.

    Attributes:
        before, after: health as users have it, before the fault and at the end.
        found_by: which way the incident came.
        went_back: whether the slot that was broken has no traffic any more.
        requests, errors, lost: of the probe.
        way_down: whether the newest migration's way down works on a clone; None where that was not seen, `way_said` why.
        backup: the one that was restored, and when it was made; `backup_taken`: by the drill, since there was none.
        rows_at_risk: rows it does not hold; restore_s: seconds the restore took.
        unmended: why the fault could not be undone; empty where it was.
        restore_failed: why no backup was restored; empty where there is no database.
    """

    before: Finding | None = None
    after: Finding | None = None
    found_by: str = ""
    went_back: bool = False
    requests: int = 0
    errors: int = 0
    lost: int = 0
    way_down: bool | None = None
    way_said: str = "it has no database"
    backup: str = ""
    backup_at: datetime | None = None
    backup_taken: bool = False
    rows_at_risk: int | None = None
    restore_s: float | None = None
    restore_failed: str = ""
    unmended: str = ""


def figures(drill: Drill, facts: Facts | None, seen: Seen) -> Figures:
    """The times of the incident from the moment the fault was injected, and what the probe counted."""
    counts = Figures(
        requests=seen.requests, errors=seen.errors, lost=seen.lost,
        rows_at_risk=seen.rows_at_risk, restore_s=seen.restore_s,
    )  # fmt: skip
    if facts is None:
        return counts
    when = facts.times
    fired = max((finding.at for finding in facts.request.detection), default=when.asked)
    rto = next((float(row.seconds) for row in facts.promises if row.name == "RTO"), None)
    return counts.model_copy(
        update={
            "detect_s": _seconds(drill.injected_at, fired),
            "decide_s": _seconds(fired, when.decided),
            "switch_s": _seconds(when.decided, when.switched),
            "verify_s": _seconds(when.switched, when.verified),
            "total_s": _seconds(drill.injected_at, when.verified),
            "waited_s": when.waited_s,
            "rto_s": rto,
        }
    )


def checklist(drill: Drill, facts: Facts | None, seen: Seen, last: Drill | None) -> list[Item]:
    """The runbook's seven lines, filled in from what was seen. `last`: the newest drill before."""
    back = drill.outcome is Outcome.ROLLED_BACK and seen.went_back
    found = f"the incident came by {seen.found_by}" if seen.found_by else "nothing found the fault"
    return [
        Item(
            name="Rollback scripts are tested and work",
            done=back if drill.ends is Outcome.ROLLED_BACK else None,
            said=f"the incident ended {drill.outcome or 'not'}",
        ),
        _team(drill, facts, last),
        _reliable(drill, seen),
        Item(name="Monitoring alerts are configured", done=seen.found_by == "automation", said=found),
        _channels(facts),
        Item(name="Database rollback scripts exist", done=seen.way_down, said=seen.way_said),
        _backups(seen),
    ]


def _team(drill: Drill, facts: Facts | None, last: Drill | None) -> Item:
    """A drill by schedule shows it only where people answered."""
    answered = [approval.person for approval in facts.approvals] if facts else []
    people = [*([drill.by] if drill.by and drill.via in ("cli", "ui", "slack") else []), *answered]
    before = f"; before: {last.by or 'the schedule'} on {last.started_at:%Y-%m-%d}" if last else ""
    said = f"{', '.join(dict.fromkeys(people))} drilled" if people else "nobody had to do anything"
    return Item(
        name="Team knows how to execute rollback", done=True if people else None, said=f"{said}{before}"
    )


def _reliable(drill: Drill, seen: Seen) -> Item:
    looks = [one for one in (seen.before, seen.after) if one is not None]
    good = len(looks) == len(("before", "after")) and all(one.verdict is Verdict.OK for one in looks)
    before, after = (one.said if one else "not seen" for one in (seen.before, seen.after))
    found = "found" if drill.incident else "not found"
    said = f"before: {before}; the fault was {found}; afterwards: {after}"
    return Item(name="Health checks are reliable", done=good and drill.incident is not None, said=said)


def _channels(facts: Facts | None) -> Item:
    name = "Communication channels are set up"
    if facts is None:
        return Item(name=name, done=None, said="nobody had to be told")
    silent = sorted({row.where for row in facts.undelivered})
    if silent:
        return Item(name=name, done=False, said=f"not delivered by {', '.join(silent)}")
    said = f"told by {', '.join(facts.channels)}" if facts.channels else "no channel heard of it"
    return Item(name=name, done=bool(facts.channels), said=said)


def _backups(seen: Seen) -> Item:
    name = "Backups are recent and verified"
    if seen.backup_at is None:
        failed = seen.restore_failed
        return Item(name=name, done=False if failed else None, said=failed or "it has no database")
    recent = not seen.backup_taken and datetime.now(UTC) - seen.backup_at <= RECENT
    said = f"{seen.backup} of {seen.backup_at:%Y-%m-%d %H:%M} UTC was restored in {seen.restore_s:.1f} s"
    none = "; there was none before: the drill took it" if seen.backup_taken else ""
    return Item(name=name, done=recent, said=f"{said}; {seen.rows_at_risk} rows are newer{none}")


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else round(max(0.0, (end - start).total_seconds()), 3)
