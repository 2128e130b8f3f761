"""Keeping a database from being written for a while, in a way that a later process can undo."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import sql

from blocks.postgres import marks
from blocks.postgres.maintenance import exists, maintenance, turn
from blocks.postgres.marks import Stop
from blocks.postgres.server import Connection, Server
from blocks.postgres.sessions import end, enders

READ_ONLY = "default_transaction_read_only"

NOW = """
    SELECT d.datconnlimit, d.datallowconn, (
        SELECT split_part(setting, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) setting
        WHERE s.setdatabase = d.oid AND s.setrole = 0 AND split_part(setting, '=', 1) = %s)
    FROM pg_database d WHERE d.datname = %s
"""


@contextmanager
def stopped_writes(server: Server, database: str, how: Stop = "read_only") -> Iterator[None]:
    """Nobody writes to the database inside: its sessions are ended, and new ones can only do what `how` leaves them.

    `connection_limit` shuts out everybody but superusers, `no_connections` everybody. `read_only` binds who does not
    turn it off. What a process that was killed in here leaves stopped, `open_again` opens.
    """
    with maintenance(server) as connection:
        stop(connection, [database], how)
    try:
        _send_away(server, database)
        yield
    finally:
        with maintenance(server) as connection:
            resume(connection, [database], how)
        if how == "read_only":
            # A session keeps the setting that it began with.
            _send_away(server, database)


def open_again(server: Server) -> list[str]:
    """Undo what a process that was killed left stopped; the databases that were. Raises SwapRefused where one still works."""
    with turn(server, server.database) as connection:
        stopped = {server.database: marks.read(connection, server.database)}
        stopped |= marks.ours(connection, server.database)
        opened = []
        for name, mark in stopped.items():
            # One that stands beside is read-only on purpose, until it is swapped in.
            layers = [how for how in mark.was if name == server.database or how == "no_connections"]
            for how in layers:
                resume(connection, [name], how)
            opened += [name] if layers else []
    if server.database in opened and "read_only" in stopped[server.database].was:
        _send_away(server, server.database)
    return opened


def stop(connection: Connection, databases: Sequence[str], how: Stop) -> None:
    """Note what is set now, and shut: all of the databases, or none. Sessions that are in stay in."""
    with connection.transaction():
        for database in databases:
            mark = marks.read(connection, database)
            marks.write(connection, database, mark.with_was(how, _now(connection, database)[how]))
            _alter(connection, database, _SHUT[how])


def resume(connection: Connection, databases: Sequence[str], how: Stop) -> None:
    """Put back what `stop` noted, where it did; a database that is gone from its name is passed over."""
    with connection.transaction():
        for database in databases:
            mark = marks.read(connection, database)
            if how in mark.was and exists(connection, database):
                _alter(connection, database, _back(how, mark.was[how]))
                marks.write(connection, database, mark.without(how))


def _now(connection: Connection, database: str) -> dict[Stop, Any]:
    row = connection.execute(NOW, [READ_ONLY, database]).fetchone()
    limit, allowed, read_only = row or (-1, True, None)
    return {"connection_limit": limit, "no_connections": int(allowed), "read_only": read_only}


_SHUT: dict[Stop, sql.Composable] = {
    "connection_limit": sql.SQL("WITH CONNECTION LIMIT 0"),
    "no_connections": sql.SQL("WITH ALLOW_CONNECTIONS false"),
    "read_only": sql.SQL("SET default_transaction_read_only = on"),
}


def _back(how: Stop, was: int | str | None) -> sql.Composable:
    if how == "connection_limit":
        return sql.SQL("WITH CONNECTION LIMIT {}").format(sql.Literal(was))
    if how == "no_connections":
        return sql.SQL("WITH ALLOW_CONNECTIONS {}").format(sql.Literal(bool(was)))
    if was is None:
        return sql.SQL("RESET default_transaction_read_only")
    return sql.SQL("SET default_transaction_read_only = {}").format(sql.Literal(was))


def _alter(connection: Connection, database: str, change: sql.Composable) -> None:
    connection.execute(sql.SQL("ALTER DATABASE {} {}").format(sql.Identifier(database), change))


def _send_away(server: Server, database: str) -> None:
    with maintenance(server) as connection, enders(server, connection) as ending:
        end(ending, [database])
