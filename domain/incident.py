"""An incident: what happened to an application, and what was done."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.names import ApplicationName, block_name
from domain.outcomes import Outcome, next_step
from domain.plan import Plan
from domain.request import Request

TOLD_BY_PEOPLE = (
    "users_affected", "services", "data_loss", "revenue", "root_cause", "resolution", "prevention", "action_items",
    "lessons",
)  # fmt: skip


AFTER_A_PART = "find the cause; the release is not in quarantine, since its other parts still serve"


def new_incident_id(application: str, at: datetime | None = None) -> str:
    """`20261122-031502-shop-production-4f2a`: sorts by time, names the application, does not repeat."""
    moment = (at or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    return f"{moment}-{re.sub('-+', '-', block_name(application))}-{secrets.token_hex(2)}"


class Incident(BaseModel):
    """The incident's own row; its timeline is the journal.

    Attributes:
        told: what people filled in, keys of `TOLD_BY_PEOPLE`.
        report: where the report lies; None until it is written.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    application: ApplicationName
    request: Request
    opened_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    closed_at: datetime | None = None
    plan: Plan | None = None
    outcome: Outcome | None = None
    told: dict[str, str] = Field(default_factory=dict)
    report: str | None = None

    def next_step(self, outcome: Outcome) -> str:
        """What to do after it ended so, with its names in the commands: to be pasted."""
        if outcome is Outcome.ROLLED_BACK and self.request.only is not None:
            return AFTER_A_PART
        return next_step(outcome, self.application, self.plan.from_release if self.plan else None)
