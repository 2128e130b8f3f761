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
    """The entries of one incident in order; those brought in from a local journal stand at their own time."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = _unwrapped(sorted(entries, key=lambda entry: entry.seq))

    def all(self, *kinds: Happened) -> list[Entry]:
        """The entries of these kinds, in order."""
        return [entry for entry in self.entries if entry.kind in kinds]

    def first(self, *kinds: Happened) -> Entry | None:
        """The first entry of these kinds, or None."""
        return next(iter(self.all(*kinds)), None)

    def last(self, *kinds: Happened) -> Entry | None:
        """The last entry of these kinds, or None."""
        return next(reversed(self.all(*kinds)), None)

    def plan(self) -> Plan | None:
        """The plan as it was journaled, or None."""
        entry = self.first(Happened.PLANNED)
        return Plan.model_validate(entry.data["plan"]) if entry and entry.data.get("plan") else None

    @property
    def end(self) -> datetime | None:
        """When the last entry was written, or None where there is none."""
        return self.entries[-1].at if self.entries else None


def _unwrapped(entries: list[Entry]) -> list[Entry]:
    """What was journaled locally, as if it had been written here; by time only where there is such an entry."""
    moved = [entry for entry in entries if entry.kind == Happened.RECONCILED and entry.data.get("entry")]
    if not moved:
        return entries
    inner = [
        Entry.model_validate(entry.data["entry"]).model_copy(update={"seq": entry.seq}) for entry in moved
    ]
    return sorted(
        [entry for entry in entries if entry not in moved] + inner, key=lambda entry: (entry.at, entry.seq)
    )


def closing_words(entries: Iterable[Entry]) -> str:
    """Why an incident was closed, where it was not its own run that did it; else empty."""
    closed = Record(entries).last(Happened.CLOSED)
    return str(closed.data.get("why", "")) if closed else ""


def findings(entry: Entry | None) -> list[Finding]:
    """The findings an entry carries; empty where it carries none."""
    rows: list[Any] = entry.data.get("findings", []) if entry else []
    return [Finding.model_validate(row) for row in rows]


def error_text(value: Any) -> str:
    """An error as it was journaled, on one line, without the next step it proposes."""
    return " ".join(str(value).split("\n  next: ")[0].split())
