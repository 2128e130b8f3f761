"""What somebody, or something, asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.database.wish import Wish
from domain.findings import Finding
from domain.names import ApplicationName
from domain.severity import Severity

LAST_GOOD = "last good"
"""What a form says for "the assessment chooses the release"."""


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
        issue: the row of the decision matrix, e.g. `service-outage`.
        severity: given by a person; None takes the issue's from policy.
        by: who asked, `via` which way (`cli`, `ui`, `automation`, `break-glass`).
        detection: the findings that fired a trigger, oldest first; empty where a person asked.
        users, impact, downtime: what the person expects; for announcement and report.
        database: what was asked of the database; None for the runbooks that leave it alone.
    """

    model_config = ConfigDict(frozen=True)

    application: ApplicationName
    runbook: str = "rollback"
    kind: Kind = Kind.ROLLBACK
    to: str | None = None
    reason: str = ""
    issue: str | None = None
    severity: Severity | None = None
    impact: str = ""
    users: int | None = Field(default=None, ge=0)
    downtime: str = ""
    force: bool = False
    even_unhealthy: bool = False
    dry_run: bool = False
    by: str = ""
    via: str = "cli"
    detection: list[Finding] = Field(default_factory=list)
    database: Wish | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def wish(self) -> Wish:
        """What was asked of the database; empty where nothing was."""
        return self.database or Wish()

    @property
    def automatic(self) -> bool:
        """Whether a trigger asked, not a person."""
        return self.via == "automation"
