"""One migration at a time in a database, by an advisory lock of its own session."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

from blocks.postgres.server import Connection, Server, in_words
from domain.errors import MigrationRunning

KEY = 0x6261636B6D696772
"""`backmigr`. Advisory locks belong to one database: a clone has its own."""

NOTICES_A_DEAD_CLIENT = 140000
"""Since PostgreSQL 14 (`client_connection_check_interval`); before, a killed client's statement runs to its end."""

HOLDER = """
SELECT activity.pid, activity.application_name, activity.usename, activity.backend_start
FROM pg_locks JOIN pg_stat_activity activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pg_locks.database =
    (SELECT oid FROM pg_database WHERE datname = current_database())
AND (classid::bigint << 32) | objid::bigint = %s
"""


@contextmanager
def only_migration(server: Server, database: str | None) -> Iterator[Connection]:
    """The connection that holds the lock, each statement for itself. Raises MigrationRunning, DatabaseUnreachable.

    It needs a session of its own: not through PgBouncer in transaction mode.
    """
    with server.connected(database) as connection:
        settle(connection)
        hold(connection, KEY)
        try:
            yield connection
        finally:
            _let_go(connection)


def hold(connection: Connection, key: int) -> None:
    """Take one more lock until the session's end. Raises MigrationRunning where somebody else has it."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s::bigint)", [key]).fetchone()
    if row != (True,):
        raise MigrationRunning(database=connection.info.dbname, holder=_holder(connection, key))


def settle(connection: Connection) -> None:
    """As a fresh session: what a script SETs is not for the next one."""
    connection.execute("RESET SESSION AUTHORIZATION")
    connection.execute("RESET ROLE")
    connection.execute("RESET ALL")
    in_words(connection)
    if connection.info.server_version >= NOTICES_A_DEAD_CLIENT:
        connection.execute("SET client_connection_check_interval = '1s'")


def _holder(connection: Connection, key: int) -> str:
    row = connection.execute(HOLDER, [key]).fetchone()
    if row is None:
        return "it ended just now"
    pid, application, user, since = row
    return f"{application or 'a session'} of {user}, process {pid} of the server, since {since:%Y-%m-%d %H:%M:%S%z}"


def _let_go(connection: Connection) -> None:
    """At once: the server closes a session a moment after its client has left it."""
    try:
        if connection.info.transaction_status is not TransactionStatus.IDLE:
            connection.execute("ROLLBACK")
        connection.execute("SELECT pg_advisory_unlock_all()")
    except psycopg.Error:
        connection.close()
