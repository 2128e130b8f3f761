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
from domain.policy import AtDeadline, Consent
from domain.rollout import Rollout
from domain.severity import Severity
from domain.shares import WHOLE


class Decision(StrEnum):
    """What the assessment came to."""

    ROLL_BACK = "roll back"
    NOTHING_TO_DO = "nothing to do"
    HOLD = "hold"
    WONT_HELP = "a rollback will not help"
    FIX_FORWARD = "fix forward"
    CHANGE_DATABASE = "change the database"
    RESTART = "restart"
    SHIFT = "shift traffic"
    DEPLOY = "deploy"


STOPS: dict[Decision, Outcome] = {
    Decision.NOTHING_TO_DO: Outcome.NOTHING_TO_DO,
    Decision.HOLD: Outcome.HELD,
    Decision.FIX_FORWARD: Outcome.HELD,
    Decision.WONT_HELP: Outcome.WONT_HELP,
}


class Plan(BaseModel):
    """What will be done, and why.

    Attributes:
        from_shares: slot -> per cent of the traffic as it was found, where it was shared out; empty where `from_slot` had all.
        to_shares: the same as it is to be; empty where `to_slot` gets all.
        why: the reasons, most important first, each one line.
        acts: the steps after consent, in order.
        at_risk: what can be lost or harmed; empty where nothing is known to be.
        blind: the target cannot be looked at before the switch (no standby).
        forward: the target holds a fix (`hotfix`); the path is the same.
        flag: the feature that is turned off before anything else; the decision holds where that does not help.
        consent: whose yes is needed; None where nobody is asked.
        rto_s: seconds from detection to verified traffic.
        seen: the findings the decision rests on.
        database: what is done to the database; None where the runbook leaves it alone.
        confirm_rows: how many rows whoever says yes must type that they accept to lose; 0 where none are at risk, or
            whoever asked accepted them.
        rollout: how a deploy goes forward, and what its way back finds; None for all other plans.
        offers: what can be done instead, as `domain.offers` names it.
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
    from_shares: dict[str, int] = Field(default_factory=dict)
    to_shares: dict[str, int] = Field(default_factory=dict)
    why: list[str] = Field(default_factory=list)
    proposal: str = ""
    acts: list[str] = Field(default_factory=list)
    at_risk: list[str] = Field(default_factory=list)
    blind: bool = False
    forward: bool = False
    flag: str | None = None
    consent: Consent | None = None
    deadline_s: int = 0
    rto_s: int = 0
    eta_s: float | None = None
    seen: list[Finding] = Field(default_factory=list)
    database: DatabasePlan | None = None
    confirm_rows: int = 0
    rollout: Rollout | None = None
    offers: list[str] = Field(default_factory=list)
    made_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def before(self) -> dict[str, int]:
        """Slot -> per cent of the traffic, as it was found."""
        return self.from_shares or ({self.from_slot: WHOLE} if self.from_slot else {})

    @property
    def after(self) -> dict[str, int]:
        """Slot -> per cent of the traffic, as it is to be."""
        return self.to_shares or ({self.to_slot: WHOLE} if self.to_slot else {})

    @property
    def said(self) -> str:
        """The decision in words."""
        gate = self.rollout.gate if self.rollout else None
        said = "go forward to the fix" if self.forward else str(self.decision)
        said = f"more than {gate.share} % of the traffic" if gate else said
        return f"turn {self.flag} off; where that does not help: {said}" if self.flag else said

    @property
    def brings(self) -> list[str]:
        """What a deploy brings, line by line; its summary is among the reasons."""
        return self.rollout.difference[1:] if self.rollout else []

    @property
    def changes_database(self) -> DatabasePlan | None:
        """What is done to the database, where something is."""
        return self.database if self.database and self.database.acts else None

    @property
    def stops_with(self) -> Outcome | None:
        """The outcome of a plan that changes nothing; None where it acts."""
        return None if self.flag else self.without_flag

    @property
    def without_flag(self) -> Outcome | None:
        """The same, the flag left aside."""
        return STOPS.get(self.decision)

    @property
    def unanswered(self) -> AtDeadline:
        """What happens where nobody answers: silence never approves what puts something at risk."""
        wanted = self.consent.at_deadline if self.consent else AtDeadline.REJECT
        return AtDeadline.REJECT if wanted is AtDeadline.APPROVE and self.at_risk else wanted

    def digest(self) -> str:
        """SHA-256 of the plan; an approval is signed over it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
