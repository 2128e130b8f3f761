"""Earlier rollbacks of an application, so that nothing flips back and forth by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from domain.incident import Incident
from domain.outcomes import Outcome

LATELY = timedelta(hours=1)
"""How long a rollback that did not verify keeps a trigger from trying the same one again."""

DID_NOT_VERIFY = (Outcome.WENT_BACK, Outcome.STUCK)


class Attempt(BaseModel):
    """An incident that ended, with the releases of its plan."""

    model_config = ConfigDict(frozen=True)

    incident: str
    from_release: str | None
    to_release: str | None
    outcome: Outcome
    closed_at: datetime


def attempts(incidents: Iterable[Incident]) -> list[Attempt]:
    """The incidents that ended and had a plan, in their order."""
    return [
        Attempt(
            incident=found.id,
            from_release=found.plan.from_release,
            to_release=found.plan.to_release,
            outcome=found.outcome,
            closed_at=found.closed_at,
        )
        for found in incidents
        if found.plan is not None and found.outcome is not None and found.closed_at is not None
    ]


def failed_lately(
    recent: Iterable[Attempt], from_release: str | None, to_release: str | None, now: datetime
) -> Attempt | None:
    """The same way, tried within the last hour without success; None where there is none."""
    same = (
        attempt
        for attempt in recent
        if (attempt.from_release, attempt.to_release) == (from_release, to_release)
        and attempt.outcome in DID_NOT_VERIFY
        and now - attempt.closed_at <= LATELY
    )
    return next(same, None)
