"""An incident's journal, asked by kind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.findings import Finding
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan


class Record:
    """The entries of one incident in order of `seq`; reading it changes nothing."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = sorted(entries, key=lambda entry: entry.seq)

    def all(self, *kinds: Happened) -> list[Entry]:
        """The entries of these kinds, in order."""
        return [entry for entry in self.entries if entry.kind in kinds]

    def first(self, *kinds: Happened) -> Entry | None:
        """The first entry of these kinds, or None."""
        return next(iter(self.all(*kinds)), None)

    def last(self, *kinds: Happened) -> Entry | None:
        """The last entry of these kinds, or None."""
        return next(reversed(self.all(*kinds)), None)

    def last_act(self, kind: Happened, act: str) -> Entry | None:
        """The last `act started`, `act done` or `act failed` of this act, or None."""
        return next((entry for entry in reversed(self.all(kind)) if entry.data.get("act") == act), None)

    def plan(self) -> Plan | None:
        """The plan as it was journaled, or None."""
        entry = self.first(Happened.PLANNED)
        return Plan.model_validate(entry.data["plan"]) if entry and entry.data.get("plan") else None

    @property
    def end(self) -> datetime | None:
        """When the last entry was written, or None where there is none."""
        return self.entries[-1].at if self.entries else None


def findings(entry: Entry | None) -> list[Finding]:
    """The findings an entry carries; empty where it carries none."""
    rows: list[Any] = entry.data.get("findings", []) if entry else []
    return [Finding.model_validate(row) for row in rows]


def error_text(value: Any) -> str:
    """An error as it was journaled, on one line: a text, or a mapping that says `what`."""
    if isinstance(value, dict):
        value = value.get("what") or value.get("message") or value
    return " ".join(str(value).split())
