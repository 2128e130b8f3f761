"""Follow-ups: what is looked at, and said, an hour, a day and a week after an incident that rolled back.

Sources: FlappyJournal "Post-Rollback Actions" (extended monitoring until 60 minutes, investigation until 24 hours),
"Re-deployment Checklist" and "Next Review" (a week after "Last Updated"); Aldeia "Post-Rollback Checklist" and step 14.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.journal import Entry
from domain.journal_kinds import Happened


class Step(StrEnum):
    """The three of them, in their order."""

    STABILITY = "stability"
    POST_MORTEM = "post-mortem"
    REDEPLOYMENT = "redeployment"


class FollowUps(BaseModel):
    """When an incident that rolled back is looked at again, counted from its end.

    Attributes:
        enabled: whether there are any.
        stability_s: seconds until users' health and what is open is told (FlappyJournal "Extended Monitoring": 1 hour).
        post_mortem_s: seconds until the post-mortem is called for, with its draft (FlappyJournal: 24 hours).
        redeployment_s: seconds until the redeployment checklist and the runbook's review are due (FlappyJournal: 1 week).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    stability_s: int = Field(default=3600, gt=0)
    post_mortem_s: int = Field(default=24 * 3600, gt=0)
    redeployment_s: int = Field(default=7 * 24 * 3600, gt=0)

    def due(self, ended: datetime) -> dict[Step, datetime]:
        """When each is due; empty where there are none."""
        seconds = {
            Step.STABILITY: self.stability_s,
            Step.POST_MORTEM: self.post_mortem_s,
            Step.REDEPLOYMENT: self.redeployment_s,
        }
        return (
            {step: ended + timedelta(seconds=after) for step, after in seconds.items()}
            if self.enabled
            else {}
        )


class FollowUp(BaseModel):
    """One follow-up of an incident.

    Attributes:
        step: which.
        due: when it is due.
        told_at: when it was done; None where it is still to come.
        off: follow-ups were turned off by then: nobody was told.
    """

    model_config = ConfigDict(frozen=True)

    step: Step
    due: datetime
    told_at: datetime | None = None
    off: bool = False


def key(step: Step, incident: str) -> str:
    """The run's name in Prefect; there is one an incident and step."""
    return f"follow-up-{step}-{incident}"


def follow_ups(entries: Iterable[Entry]) -> list[FollowUp]:
    """The incident's, as its journal has them; empty where none were scheduled."""
    rows = list(entries)
    due: dict[str, str] = next((row.data["due"] for row in rows if row.kind == Happened.FOLLOW_UPS), {})
    done = told(rows)
    off = {row.data["step"] for row in rows if row.kind == Happened.FOLLOWED_UP and row.data.get("off")}
    return [
        FollowUp(
            step=Step(step), due=datetime.fromisoformat(at), told_at=done.get(Step(step)), off=step in off
        )
        for step, at in due.items()
    ]


def told(entries: Iterable[Entry]) -> dict[Step, datetime]:
    """Which are done, and when; also those that somebody started by hand, and those that were off by then."""
    return {Step(row.data["step"]): row.at for row in entries if row.kind == Happened.FOLLOWED_UP}


def review(ended: datetime, settings: FollowUps) -> datetime:
    """When the runbook is due for review: with the last follow-up, or a week after where there are none."""
    return max(settings.due(ended).values(), default=ended + timedelta(seconds=FollowUps().redeployment_s))
