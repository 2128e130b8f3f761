"""The journal in PostgreSQL. The incident's row is the turn: entries are added one after the other."""

from typing import Any

from psycopg.types.json import Json

from blocks.store.database import Connection
from domain.errors import UnknownIncident
from domain.journal import Entry, following, problems


def append(connection: Connection, incident: str, kind: str, data: dict[str, Any], key: bytes) -> Entry:
    """Add one sealed entry and move the head. Raises UnknownIncident."""
    if connection.execute("SELECT 1 FROM incidents WHERE id = %s FOR UPDATE", [incident]).fetchone() is None:
        raise UnknownIncident(incident=incident)
    last = connection.execute(
        "SELECT * FROM journal WHERE incident = %s ORDER BY seq DESC LIMIT 1", [incident]
    ).fetchone()
    entry = following(Entry.model_validate(last) if last else None, incident, kind, data, key)
    connection.execute(
        "INSERT INTO journal VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [entry.incident, entry.seq, entry.at, entry.kind, Json(entry.data), entry.previous, entry.mac],
    )
    connection.execute(
        """INSERT INTO heads VALUES (%s, %s, %s)
           ON CONFLICT (incident) DO UPDATE SET seq = excluded.seq, mac = excluded.mac""",
        [incident, entry.seq, entry.mac],
    )
    return entry


def entries(connection: Connection, incident: str) -> list[Entry]:
    """In order."""
    rows = connection.execute("SELECT * FROM journal WHERE incident = %s ORDER BY seq", [incident])
    return [Entry.model_validate(row) for row in rows]


def problems_of(connection: Connection, incident: str, key: bytes) -> list[str]:
    """What is wrong with the chain, its own head included."""
    # Nobody adds an entry between the two looks: the head would seem to be of another journal.
    connection.execute("SELECT 1 FROM incidents WHERE id = %s FOR SHARE", [incident])
    head = connection.execute("SELECT mac FROM heads WHERE incident = %s", [incident]).fetchone()
    found = problems(entries(connection, incident), key, head["mac"] if head else None)
    return found if head else [*found, "the head is missing"]
