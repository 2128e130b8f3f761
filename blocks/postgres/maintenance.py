"""The connection from which databases are renamed, closed and dropped: never one to the database itself."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from blocks.postgres.server import Connection, Server
from domain.errors import DatabaseUnreachable, SwapRefused

PLACES = ("postgres", "template1")
"""Databases that every cluster has. The second is only taken where the first is closed to us, or the application's
own: as long as somebody is in it, no database can be made after it."""

PATIENT = """
    SELECT set_config(name, '0', false) FROM pg_settings
    WHERE name IN ('statement_timeout', 'idle_session_timeout', 'transaction_timeout')
"""
"""It waits for a restore that takes hours, and its lock must not go meanwhile."""

TURNS = 0x6261636B
"""First key of our advisory locks; the second is the hash of a database's name."""
TURN_S = 5.0
"""The server frees the lock of a process that was killed within milliseconds."""


@contextmanager
def maintenance(server: Server) -> Iterator[Connection]:
    """A connection as the owner, each statement for itself. Raises DatabaseUnreachable, also where it breaks off."""
    with server.connected(_place(server)) as connection:
        try:
            connection.execute(PATIENT)
            yield connection
        except psycopg.OperationalError as error:
            if not connection.closed:
                raise
            said = " ".join(str(error).split())
            raise DatabaseUnreachable(what_it_is="database", address=server.place, why=said) from error


@contextmanager
def turn(server: Server, database: str) -> Iterator[Connection]:
    """As `maintenance`, and no other process of ours works on `database` meanwhile. Raises SwapRefused as well."""
    with maintenance(server) as connection:
        if not took(connection, database, TURN_S):
            busy = f"another process of Backout works on {database} right now"
            raise SwapRefused(database=database, why=[busy])
        yield connection


def took(connection: Connection, database: str, wait_s: float) -> bool:
    """Take the lock that goes with a database's name, for as long as the connection lasts."""
    limit = sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(int(wait_s * 1000)))
    try:
        with connection.transaction():
            connection.execute(limit)
            connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [TURNS, database])
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def exists(connection: Connection, database: str) -> bool:
    """Whether there is a database of this name."""
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    return found is not None


def _place(server: Server) -> str:
    """The first of the common databases that lets us in; where none does, the first again, for its reason."""
    places = [name for name in PLACES if name != server.database]
    for name in places:
        try:
            with server.connected(name):
                return name
        except DatabaseUnreachable:
            continue
    return places[0]
