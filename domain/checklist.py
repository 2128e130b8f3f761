"""Aldeia's "Post-Rollback Checklist": thirteen items, each ticked from what was seen, or by a person who knows.

The rules that tick are `domain.explain`'s; here is how each item is known, and where it stands for those who have to do it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.explain import CHECKLISTS, Mark, checklist
from domain.report.facts import Facts
from domain.report.markdown import Markdown, fill

ALDEIA = "aldeia"


class Known(StrEnum):
    """How an item comes to be known."""

    FINDING = "finding"
    JOURNAL = "journal"
    PERSON = "person"


class State(StrEnum):
    """Where an item stands. Not known: nothing that was looked at says it."""

    TICKED = "ticked"
    OPEN = "open"
    NOT_KNOWN = "not known"


class Item(BaseModel):
    """One item. `key`: as `backout incidents tick` takes it; `evidence`: what ticked it, or what is missing; plain text."""

    model_config = ConfigDict(frozen=True)

    key: str
    text: str
    known_by: Known
    state: State
    evidence: str

    @property
    def tickable(self) -> bool:
        """Whether a person's word counts: where nothing that was seen says otherwise."""
        return self.state is State.NOT_KNOWN or (self.state is State.OPEN and self.known_by is Known.PERSON)


KEYS: tuple[tuple[str, Known], ...] = (
    ("services", Known.FINDING),
    ("health", Known.FINDING),
    ("authentication", Known.FINDING),
    ("database", Known.FINDING),
    ("logs", Known.FINDING),
    ("resources", Known.FINDING),
    ("smoke", Known.FINDING),
    ("alerts", Known.FINDING),
    ("documented", Known.JOURNAL),
    ("notified", Known.JOURNAL),
    ("root-cause", Known.PERSON),
    ("fix-plan", Known.PERSON),
    ("lessons", Known.PERSON),
)
"""The items in the runbook's order; their texts and rules are in `domain.explain.CHECKLISTS`."""

TEXTS: dict[str, str] = {
    key: text for (key, _known), (text, _rule) in zip(KEYS, CHECKLISTS[ALDEIA], strict=True)
}
_BOXES = {
    State.TICKED: Markdown("[x]"),
    State.OPEN: Markdown("[ ] **OPEN**"),
    State.NOT_KNOWN: Markdown("[ ] **NOT KNOWN**"),
}


def items(facts: Facts) -> list[Item]:
    """The thirteen, in the runbook's order."""
    return [
        Item(key=key, text=row.item, known_by=known, state=_state(known, row.mark), evidence=row.because)
        for (key, known), row in zip(KEYS, checklist(facts, ALDEIA), strict=True)
    ]


def _state(known: Known, mark: Mark) -> State:
    if mark is Mark.DONE:
        return State.TICKED
    return State.OPEN if mark is Mark.FAILED or known is not Known.FINDING else State.NOT_KNOWN


def left(rows: list[Item]) -> list[Item]:
    """The items that are not ticked."""
    return [row for row in rows if row.state is not State.TICKED]


def render(facts: Facts) -> str:
    """The checklist in Markdown, in the layout of the reports."""
    rows = items(facts)
    return fill("checklist.md.j2", facts=facts, items=rows, left=left(rows), box=_BOXES.__getitem__)


def table(facts: Facts) -> list[dict[str, Any]]:
    """The rows of a table: words, not enums."""
    return [
        {"item": row.text, "state": str(row.state), "known by": str(row.known_by), "evidence": row.evidence}
        for row in items(facts)
    ]
