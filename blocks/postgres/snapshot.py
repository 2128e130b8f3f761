"""One moment of a database, for several sessions at once: what is dumped is what is counted."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import psycopg

from blocks.postgres.catalog import row_counts, schema_of
from blocks.postgres.server import Connection, Server

LOCK_WAIT_S = 60
"""A table that a migration holds for longer stops the backup, instead of holding it up for ever."""

AGAIN_S = 0.2

SETTINGS = """
SELECT set_config(name, wanted.value, true)
FROM (VALUES ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
             ('transaction_timeout', '0'), ('lock_timeout', %s),
             ('max_parallel_workers_per_gather', '0')) AS wanted(name, value)
JOIN pg_settings USING (name)
"""
"""A role's own time limits would end the snapshot in the middle. The dump needs the processors more than the count."""


@dataclass(frozen=True)
class Snapshot:
    """A moment that lasts as long as its connection's transaction.

    Attributes:
        identifier: for `pg_dump --snapshot`.
        at: the server's clock just before it.
    """

    connection: Connection
    identifier: str
    at: datetime


@dataclass(frozen=True)
class Census:
    """What the database held: `schema.table` -> rows, and the digest of its schema."""

    rows: dict[str, int]
    fingerprint: str


@contextmanager
def exported(server: Server) -> Iterator[Snapshot]:
    """The present moment of the application's database. Raises DatabaseUnreachable, psycopg.Error."""
    with server.connected(autocommit=False) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute(SETTINGS, [f"{LOCK_WAIT_S}s"])
        row = connection.execute("SELECT pg_export_snapshot(), now()").fetchone() or ("", None)
        yield Snapshot(connection, str(row[0]), row[1])


@contextmanager
def counting(snapshot: Snapshot) -> Iterator[Future[Census]]:
    """Count in the snapshot while the block does other things. The count is broken off where the block fails."""
    with ThreadPoolExecutor(1, thread_name_prefix="count") as pool:
        census = pool.submit(_census, snapshot.connection)
        try:
            yield census
        except BaseException:
            _break_off(snapshot.connection, census)
            raise


def _census(connection: Connection) -> Census:
    return Census(rows=row_counts(connection), fingerprint=schema_of(connection).digest())


def _break_off(connection: Connection, census: Future[Census]) -> None:
    # Between two queries there is nothing to cancel: until it has ended, it is told again.
    while wait([census], timeout=AGAIN_S).not_done:
        with suppress(psycopg.Error):
            connection.cancel()
