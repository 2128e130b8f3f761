"""How far an incident's acts on the database came, by its journal."""

from collections.abc import Iterable

from domain.journal import Entry
from domain.journal_kinds import Happened
from tasks.case import Case

MIGRATE_DOWN = "migrate down"
SWAP_DATABASE = "swap database"
RETURN = "return database"
RETURN_SCHEMA = "migrate down again"
CHANGES = (MIGRATE_DOWN, SWAP_DATABASE)
"""The acts that change the database."""

MORE_LOOKS = 6
"""Looks that an application gets beyond the usual ones after its database was changed: its connections are gone, and a
pool waits longer before each try to open new ones."""


def noted(case: Case, kind: Happened) -> Entry | None:
    """The last entry of this kind; None where there is none."""
    entries = [entry for entry in case.ledger.entries(case.incident.id) if entry.kind == kind]
    return entries[-1] if entries else None


def changed(case: Case) -> Entry | None:
    """What was done to the database and not undone; None where it is as it was."""
    if noted(case, Happened.DATABASE_RETURNED):
        return None
    return noted(case, Happened.DATABASE_CHANGED)


def begun(entries: Iterable[Entry]) -> bool:
    """Whether a change of the database was begun that may have taken place."""
    return any(_starts(entry, CHANGES) for entry in entries)


def returning(entries: Iterable[Entry]) -> bool:
    """Whether the incident is on its way back: it never goes forward again."""
    return any(_starts(entry, (RETURN,)) for entry in entries)


def schema_returning(entries: Iterable[Entry]) -> bool:
    """Whether a deploy began to take its schema down again: it never goes forward again."""
    return any(_starts(entry, (RETURN_SCHEMA,)) for entry in entries)


def _starts(entry: Entry, acts: tuple[str, ...]) -> bool:
    return entry.kind == Happened.ACT_STARTED and entry.data.get("act") in acts
