"""Triggers: rules over findings in time."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from domain.findings import Finding, Verdict

AGAIN = timedelta(minutes=5)
"""While it stays bad a trigger fires again after this long: a rollback that came to nothing must not be the last word."""


class Consecutive(BaseModel):
    """So many bad findings in a row (MVP-011 and NotesHub: 3). Missing samples break no row and count as nothing.

    Attributes:
        failures: how many in a row.
        issue: the row of the decision matrix that gives the severity.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    failures: int = Field(default=3, ge=1)
    issue: str = "health-check-failure"

    def window(self) -> Window:
        """An empty window of this trigger."""
        return Window(self)


class Window:
    """The findings a trigger still looks at.

    The row is offered until `fired()` confirms it, and again after `AGAIN`, or `end_silence()`.
    """

    def __init__(self, trigger: Consecutive) -> None:
        self.trigger = trigger
        self._row: deque[Finding] = deque(maxlen=trigger.failures)
        self._fired_at: datetime | None = None
        self._silent = False

    @property
    def has_fired(self) -> bool:
        """Whether this row has fired before."""
        return self._fired_at is not None

    def add(self, finding: Finding) -> list[Finding]:
        """Take one finding in; the row of bad ones that makes the trigger fire now, else an empty list."""
        if finding.verdict is Verdict.OK:
            self._row.clear()
            self._fired_at = None
        elif finding.verdict is Verdict.BAD:
            self._row.append(finding)
        if len(self._row) < self.trigger.failures or not self._due(finding.at):
            return []
        return list(self._row)

    def fired(self, at: datetime | None = None) -> None:
        """What the trigger starts was started: the row is not offered again before `at` (now) plus `AGAIN`."""
        self._fired_at = at or datetime.now(UTC)
        self._silent = True

    def end_silence(self) -> None:
        """What kept the last run from acting may be mended: the row is offered again at the next bad finding."""
        self._silent = False

    def _due(self, now: datetime) -> bool:
        return self._fired_at is None or not self._silent or now - self._fired_at >= AGAIN
