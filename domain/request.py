"""What somebody, or something, asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.basis import Basis
from domain.database.wish import Wish
from domain.findings import Finding
from domain.names import ApplicationName
from domain.release import flag_part
from domain.severity import Severity

LAST_GOOD = "last good"
"""What a form says for "the assessment chooses the release"."""


STANDARD = "standard-rollback"
HOTFIX = "hotfix"
SHIFT_TRAFFIC = "shift-traffic"
THIRD_PARTY = "third-party-failure"
SERVICE_OUTAGE = "service-outage"
PERFORMANCE = "performance-degradation"
API_CHANGE = "api-breaking-change"
SECURITY = "security-vulnerability"
RESTART = "restart"
DEPLOY = "deploy"
PROMOTE = "promote"
"""Runbooks that decide or do something else than the others; a flow's name."""


class Kind(StrEnum):
    """What a run wants to do; decides who goes first, see `domain.precedence`."""

    EMERGENCY = "emergency"
    ROLLBACK = "rollback"
    DEPLOY = "deploy"


class Request(BaseModel):
    """A rollback as it was asked for; kept with the incident.

    Attributes:
        runbook: the flow's name, e.g. `performance-degradation`.
        to: the release wanted; None lets the assessment choose.
        flag: the feature to turn off first, for `third-party-failure`; None leaves it to the application's `integration`.
        only: the part to take back alone, as `domain.release.Part` names it; None for the whole application.
        share: the per cent of the traffic that the release gets, for `shift-traffic`; None where it gets all.
        issue: the row of the decision matrix, e.g. `service-outage`.
        severity: given by a person; None takes the issue's from policy.
        urgent: critical, and nobody is asked: it goes before one that waits for people; see `domain.urgency`.
        by: who asked, `via` which way (`cli`, `ui`, `api`, `automation`, `break-glass`).
        detection: the findings that fired a trigger, oldest first; empty where a person asked.
        basis: what else firing rested on, so that it can be decided again; None where a person asked.
        users, impact, downtime: what the person expects; for announcement and report.
        database: what was asked of the database; None for the runbooks that leave it alone.
        drill: the drill that waited for it as it was taken in; empty where none did.
    """

    model_config = ConfigDict(frozen=True)

    application: ApplicationName
    runbook: str = "rollback"
    kind: Kind = Kind.ROLLBACK
    to: str | None = None
    flag: str | None = None
    only: str | None = None
    share: int | None = Field(default=None, ge=1, le=99)
    reason: str = ""
    issue: str | None = None
    severity: Severity | None = None
    impact: str = ""
    users: int | None = Field(default=None, ge=0)
    downtime: str = ""
    force: bool = False
    urgent: bool = False
    even_unhealthy: bool = False
    dry_run: bool = False
    by: str = ""
    via: str = "cli"
    detection: list[Finding] = Field(default_factory=list)
    basis: Basis | None = None
    database: Wish | None = None
    drill: str = ""
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @field_validator("flag")
    @classmethod
    def _as_a_part(cls, flag: str | None) -> str | None:
        return flag_part(flag) if flag else None

    @property
    def parts(self) -> list[str]:
        """The parts that are named: one to take back alone, or a feature to turn off first."""
        return [part for part in (self.only, self.flag) if part is not None]

    @property
    def wish(self) -> Wish:
        """What was asked of the database; empty where nothing was."""
        return self.database or Wish()

    @property
    def thorough(self) -> bool:
        """Whether services are restarted and caches cleared too (NotesHub "Standard" 3 and "Emergency Rollback" 1)."""
        return self.kind is Kind.EMERGENCY or self.runbook == STANDARD

    @property
    def automatic(self) -> bool:
        """Whether a trigger asked, not a person."""
        return self.via == "automation"
