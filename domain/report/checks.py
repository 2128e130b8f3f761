"""What was checked, before the switch and after it."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from domain.findings import Finding
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.release import Survey
from domain.report.markdown import moment
from domain.report.record import Record, findings


class Check(BaseModel):
    """One check at one place; `before` is what the decision rests on, `after` what the last verification saw."""

    model_config = ConfigDict(frozen=True)

    name: str
    on: str
    before: Finding | None = None
    after: Finding | None = None


def checks(record: Record, plan: Plan | None) -> list[Check]:
    """Each check once, those of the verification first."""
    before, after = _by_place(_seen_before(record, plan)), _by_place(verified(record))
    places = dict.fromkeys([*after, *before])
    return [
        Check(name=name, on=on, before=before.get((name, on)), after=after.get((name, on)))
        for name, on in places
    ]


def verified(record: Record) -> list[Finding]:
    """What was seen of the target, or of the release that stays with a feature off; empty where nothing was verified.

    The last verification, and what was compared after it, each check once.
    """
    looks = (Happened.LOOKED_AGAIN, Happened.VERIFIED, Happened.COMPARED)
    return list(_by_place(row for kind in looks for row in findings(record.last(kind))).values())


def watched(record: Record) -> list[Finding]:
    """The findings of the last sample of the watch; empty where there was none."""
    return findings(record.last(Happened.WATCH_SAMPLE))


def looked_after(record: Record) -> list[Finding]:
    """The findings of the last follow-up; empty where there was none yet."""
    return findings(record.last(Happened.LOOKED_AFTER))


def ticks(record: Record) -> dict[str, str]:
    """What people ticked of a checklist: the item -> by whom and when, with their note; the last word counts."""
    return {
        str(row.data.get("text")): ": ".join(
            part for part in (f"{row.data.get('by')}, {moment(row.at)}", row.data.get("note")) if part
        )
        for row in record.all(Happened.TICKED)
    }


def _seen_before(record: Record, plan: Plan | None) -> list[Finding]:
    """What the plan rests on; where there is no plan, the first survey."""
    if plan and plan.seen:
        return plan.seen
    entry = record.first(Happened.SURVEYED)
    if entry is None or not entry.data.get("survey"):
        return []
    survey = Survey.model_validate(entry.data["survey"])
    return [
        *survey.through_router,
        *survey.clues,
        *(finding for rows in survey.findings.values() for finding in rows),
    ]


def _by_place(rows: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    return {(row.name, row.on): row for row in rows}
