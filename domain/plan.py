"""The plan: from, to, order of acts, why, what is at risk. Made once an incident, and kept."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.database.plan import DatabasePlan
from domain.findings import Finding
from domain.names import ApplicationName
from domain.outcomes import Outcome
from domain.policy import Consent
from domain.severity import Severity


class Decision(StrEnum):
    """What the assessment came to."""

    ROLL_BACK = "roll back"
    NOTHING_TO_DO = "nothing to do"
    HOLD = "hold"
    WONT_HELP = "a rollback will not help"
    FIX_FORWARD = "fix forward"
    CHANGE_DATABASE = "change the database"


STOPS: dict[Decision, Outcome] = {
    Decision.NOTHING_TO_DO: Outcome.NOTHING_TO_DO,
    Decision.HOLD: Outcome.HELD,
    Decision.FIX_FORWARD: Outcome.HELD,
    Decision.WONT_HELP: Outcome.WONT_HELP,
}


class Plan(BaseModel):
    """What will be done, and why.

    Attributes:
        why: the reasons, most important first, each one line.
        acts: the steps after consent, in order.
        at_risk: what can be lost or harmed; empty where nothing is known to be.
        blind: the target cannot be looked at before the switch (no standby).
        consent: whose yes is needed; None where nobody is asked.
        rto_s: seconds from detection to verified traffic.
        seen: the findings the decision rests on.
        database: what is done to the database; None where the runbook leaves it alone.
        confirm_rows: how many rows whoever says yes must type that they accept to lose; 0 where none are at risk, or
            whoever asked accepted them.
    """

    model_config = ConfigDict(frozen=True)

    application: ApplicationName
    decision: Decision
    severity: Severity
    issue: str | None = None
    from_release: str | None = None
    from_slot: str | None = None
    to_release: str | None = None
    to_slot: str | None = None
    why: list[str] = Field(default_factory=list)
    proposal: str = ""
    acts: list[str] = Field(default_factory=list)
    at_risk: list[str] = Field(default_factory=list)
    blind: bool = False
    consent: Consent | None = None
    deadline_s: int = 0
    rto_s: int = 0
    eta_s: float | None = None
    seen: list[Finding] = Field(default_factory=list)
    database: DatabasePlan | None = None
    confirm_rows: int = 0
    made_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def changes_database(self) -> DatabasePlan | None:
        """What is done to the database, where something is."""
        return self.database if self.database and self.database.acts else None

    @property
    def stops_with(self) -> Outcome | None:
        """The outcome of a plan that changes nothing; None where it acts."""
        return STOPS.get(self.decision)

    def digest(self) -> str:
        """SHA-256 of the plan; an approval is signed over it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
