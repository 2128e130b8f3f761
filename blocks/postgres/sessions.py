"""Who is in a database, and making them leave."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg.conninfo import make_conninfo

from blocks.postgres.maintenance import maintenance
from blocks.postgres.server import APPLICATION_NAME, Connection, Server, in_words

# What the server itself checks (`pg_signal_backend` in the source): a superuser's session only by a superuser.
# Autovacuum's workers have no user: a rename sends them away by itself.
OTHERS: LiteralString = """
    SELECT s.pid, coalesce(s.usename, s.usesysid::text), coalesce(s.client_addr::text, 'local'), s.application_name,
        me.rolsuper OR NOT coalesce(r.rolsuper, false) AND coalesce(
            pg_has_role(s.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'), false) AS can_be_ended
    FROM pg_stat_activity s
    JOIN pg_roles me ON me.rolname = current_user
    LEFT JOIN pg_roles r ON r.oid = s.usesysid
    WHERE s.datname = ANY(%s) AND s.pid <> pg_backend_pid() AND s.usesysid IS NOT NULL
"""
END: LiteralString = f"SELECT pg_terminate_backend(pid) FROM ({OTHERS}) other WHERE can_be_ended"  # noqa: S608

# Who holds or waits for a lock on the database as a whole, wherever they are connected.
HOLDERS: LiteralString = """
    SELECT s.pid, coalesce(s.usename, s.usesysid::text), coalesce(s.client_addr::text, 'local'), s.application_name,
        false
    FROM pg_locks l JOIN pg_stat_activity s ON s.pid = l.pid
    WHERE l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND l.pid <> pg_backend_pid()
        AND l.objid IN (SELECT oid FROM pg_database WHERE datname = ANY(%s))
"""

LOOK_AGAIN_S = 0.1


@dataclass(frozen=True)
class Session:
    """One connection to the server. `can_be_ended`: by the role that looked."""

    pid: int
    role: str
    client: str
    program: str
    can_be_ended: bool

    def __str__(self) -> str:
        program = f"{self.program}, " if self.program else ""
        return f"{self.role}@{self.client} ({program}pid {self.pid})"


def others(connection: Connection, databases: Sequence[str]) -> list[Session]:
    """The sessions in these databases, without our own."""
    return [Session(*row) for row in connection.execute(OTHERS, [list(databases)]).fetchall()]


def staying(server: Server, within_s: float) -> list[Session]:
    """Wait until nobody is in the application's database any more; who is when the time is over."""
    deadline = time.monotonic() + within_s
    with maintenance(server) as connection:
        while (found := others(connection, [server.database])) and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN_S)
    return found


def lock_holders(connection: Connection, databases: Sequence[str]) -> list[Session]:
    """The sessions that hold or wait for a lock on a database as a whole, or are in it."""
    found = [Session(*row) for row in connection.execute(HOLDERS, [list(databases)]).fetchall()]
    return found or others(connection, databases)


def end(connections: Sequence[Connection], databases: Sequence[str]) -> None:
    """Ask the sessions to leave which one of these connections' roles may ask; does not wait."""
    for connection in connections:
        connection.execute(END, [list(databases)])


def strangers(connections: Sequence[Connection], databases: Sequence[str]) -> list[Session]:
    """The sessions that none of these connections' roles can end."""
    seen = [others(connection, databases) for connection in connections]
    endable = {session.pid for found in seen for session in found if session.can_be_ended}
    return [session for session in seen[0] if session.pid not in endable]


@contextmanager
def enders(server: Server, connection: Connection) -> Iterator[list[Connection]]:
    """The owner's connection, and where it can be had one as the application's own role, which may end its own sessions."""
    own = _as_application(server, connection)
    if own is None:
        yield [connection]
        return
    with own:
        yield [connection, own]


def _as_application(server: Server, connection: Connection) -> Connection | None:
    place = connection.info.dbname
    address = make_conninfo(server.url.get_secret_value(), dbname=place)
    try:
        own = psycopg.connect(
            address,
            autocommit=True,
            connect_timeout=server.timeout_s,
            application_name=APPLICATION_NAME,
        )
    except psycopg.OperationalError:
        return None  # it may not enter here: the owner's rights must do
    in_words(own)
    return own
