"""Lifting a release out of quarantine in PostgreSQL: the release, the record and the incident's journal in one transaction."""

from contextlib import suppress

from psycopg.types.json import Jsonb

from blocks.store import journal
from blocks.store.database import Connection
from blocks.store.ledger import Store
from domain.errors import UnknownIncident
from domain.journal_kinds import Happened
from domain.quarantine import Lift


def lift(store: Store, lifted: Lift) -> bool:
    """Lift it, once; False where it is not in quarantine for this incident any more, and nothing is changed."""
    with store.database.transaction() as connection:
        done = connection.execute(
            """UPDATE releases SET quarantined_by = NULL
                WHERE application = %s AND version = %s AND quarantined_by = %s""",
            [lifted.application, lifted.release, lifted.incident],
        )
        if not done.rowcount:
            return False
        _record(connection, lifted, store.key)
    return True


def _record(connection: Connection, lifted: Lift, key: bytes) -> None:
    body = lifted.model_dump(mode="json")
    connection.execute(
        "INSERT INTO lifts (application, release, incident, body) VALUES (%s, %s, %s, %s)",
        [lifted.application, lifted.release, lifted.incident, Jsonb(body)],
    )
    said = {name: body[name] for name in ("release", "by", "answers", "note")}
    with suppress(UnknownIncident):  # of a store that was begun anew: the record beside has it
        journal.append(connection, lifted.incident, Happened.QUARANTINE_LIFTED, said, key)


def lifts(store: Store, application: str | None = None) -> list[Lift]:
    """What was lifted, newest first."""
    with store.database.transaction() as connection:
        rows = connection.execute(
            "SELECT body FROM lifts WHERE %(one)s::text IS NULL OR application = %(one)s ORDER BY id DESC",
            {"one": application},
        ).fetchall()
    return [Lift.model_validate(row["body"]) for row in rows]
