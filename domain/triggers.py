"""Triggers: rules over findings in time."""

from __future__ import annotations

from collections import deque

from pydantic import BaseModel, ConfigDict, Field

from domain.findings import Finding, Verdict


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
    """The findings a trigger still looks at. It fires once a row, and again only after an ok."""

    def __init__(self, trigger: Consecutive) -> None:
        self.trigger = trigger
        self._row: deque[Finding] = deque(maxlen=trigger.failures)
        self._fired = False

    def add(self, finding: Finding) -> list[Finding]:
        """Take one finding in; the row of bad ones that makes the trigger fire now, else an empty list."""
        if finding.verdict is Verdict.OK:
            self._row.clear()
            self._fired = False
        elif finding.verdict is Verdict.BAD:
            self._row.append(finding)
        if len(self._row) < self.trigger.failures or self._fired:
            return []
        self._fired = True
        return list(self._row)
