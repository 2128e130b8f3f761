"""What can be seen of a database besides its answering: sessions, locks that are waited for, the application's own queries."""

from collections.abc import Sequence
from typing import LiteralString

import psycopg

from blocks.postgres.server import Connection, Server
from domain.database.data_state import SMOKE
from domain.findings import Finding, Verdict

DATABASE = "database"
LONG_S = 300
"""Seconds from which an open transaction keeps vacuum, locks and a swap waiting."""

SESSIONS: LiteralString = """
    SELECT count(*), coalesce(max(extract(epoch FROM now() - xact_start)), 0)::int,
        count(*) FILTER (WHERE wait_event_type = 'Lock')
    FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def looked_at(server: Server, smoke: Sequence[str]) -> list[Finding]:
    """`sessions`, `waiting locks`, and one finding a smoke query. Raises DatabaseUnreachable."""
    with server.connected() as connection:
        connection.execute("SET default_transaction_read_only = on")
        connection.execute("SELECT set_config('statement_timeout', %s, false)", [f"{server.timeout_s}s"])
        return [*_sessions(connection), *(_smoke(connection, query) for query in smoke)]


def _sessions(connection: Connection) -> list[Finding]:
    count, oldest_s, waiting = connection.execute(SESSIONS).fetchone() or (0, 0, 0)
    said = f"{count} sessions, the oldest transaction is {oldest_s} s old"
    long = oldest_s >= LONG_S
    locks = f"{waiting} sessions wait for a lock"
    return [
        _finding("sessions", said, bad=long, symptom="long transaction"),
        _finding("waiting locks", locks, bad=waiting > 0, symptom="waits for a lock"),
    ]


def _smoke(connection: Connection, query: str) -> Finding:
    """Ok where the query gives a row whose first value is neither null nor false."""
    name = f"{SMOKE}: {query}"
    try:
        row = connection.execute(query.encode()).fetchone()
    except psycopg.Error as error:
        why = error.diag.message_primary or type(error).__name__
        return _finding(name, why, bad=True, symptom=type(error).__name__)
    if row is None:
        return _finding(name, "gives no row", bad=True, symptom="no row")
    good = bool(row) and row[0] is not None and row[0] is not False
    return _finding(name, f"gives {row[0]!r}", bad=not good, symptom="" if good else f"gives {row[0]!r}")


def _finding(name: str, said: str, *, bad: bool, symptom: str) -> Finding:
    verdict = Verdict.BAD if bad else Verdict.OK
    return Finding(name=name, on=DATABASE, verdict=verdict, said=said, symptom=symptom if bad else "")
