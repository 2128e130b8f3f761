"""Databases of ours beside the one in use: made empty, found again, and dropped where a killed run left them half-made."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

from blocks.postgres import marks
from blocks.postgres.empty import create_empty
from blocks.postgres.maintenance import exists, maintenance, took, turn
from blocks.postgres.marks import Mark
from blocks.postgres.server import Connection, Server
from blocks.postgres.sessions import others
from blocks.postgres.writes import stop
from domain.errors import ConnectionsRemain

LEFTOVER_WAIT_S = 1


def create(connection: Connection, name: str, like: str, backup: str) -> None:
    """An empty database with the encoding, locale, owner and tablespace of `like`, marked as unfinished.

    Where `like` is lost, it has the server's own.
    """
    create_empty(connection, name, like, same_owner=True)
    mark = Mark(state="restoring", of=like, backup=backup, at=datetime.now(UTC))
    marks.write(connection, name, mark)
    # What is lost by a crash before it is ready is not ready, and is dropped.
    _alter(connection, name, sql.SQL("SET synchronous_commit = off"))


def finish(connection: Connection, name: str) -> None:
    """Mark it as ready; from now on it is on disk, and nobody changes it by accident before it is swapped in."""
    with connection.transaction():
        _alter(connection, name, sql.SQL("RESET synchronous_commit"))
        mark = marks.read(connection, name)
        marks.write(connection, name, mark.model_copy(update={"state": "ready", "at": datetime.now(UTC)}))
        stop(connection, [name], "read_only")


def free_name(connection: Connection, server: Server) -> str:
    """A name with the time that nobody has: two restores in one second would have the same."""
    now = datetime.now(UTC)
    while exists(connection, name := server.sibling("restore", now)):
        now += timedelta(seconds=1)
    return name


def ready(connection: Connection, server: Server, backup: str) -> list[str]:
    """The databases that this backup was restored into, and that nothing is left to do for; newest first."""
    found = marks.ours(connection, server.database)
    return [name for name, mark in found.items() if mark.state == "ready" and mark.backup == backup]


def drop(connection: Connection, server: Server, name: str) -> bool:
    """Drop it, by force: who is still in it is a program that outlived its run. False where it is not unfinished."""
    mark = marks.read(connection, name)
    unfinished = mark.state == "restoring" and mark.of == server.database
    if not unfinished and not (mark == Mark() and _named_by_us(server, name)):
        return False
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    return True


def discard(server: Server, name: str) -> bool:
    """Drop a finished one that nobody swapped in; False where it is none: in use, kept, somebody else's, or gone.

    Who looks at what is in it is not sent away.

    Raises:
        ConnectionsRemain: somebody does.
        SwapRefused: another process swaps.
        DatabaseUnreachable: nothing can be told.
    """
    with turn(server, server.database) as connection:
        mark = marks.read(connection, name)
        if name == server.database or (mark.state, mark.of) != ("ready", server.database):
            return False
        try:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.ObjectInUse:
            there = [str(session) for session in others(connection, [name])]
            raise ConnectionsRemain(database=name, sessions=there or ["a session that has gone"]) from None
        return True


def sweep(server: Server) -> list[str]:
    """Drop what killed restores left unfinished, and only that; their names. Raises DatabaseUnreachable."""
    with maintenance(server) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE pg_has_role(datdba, 'USAGE')")
        marked = marks.ours(connection, server.database)
        left = [name for (name,) in found.fetchall() if name in marked or _named_by_us(server, name)]
        return [name for name in left if _swept(connection, server, name)]


def _swept(connection: Connection, server: Server, name: str) -> bool:
    if marks.read(connection, name).state not in {"", "restoring"}:
        return False
    # Who restores into it holds its lock, from before it exists until it is ready.
    return took(connection, name, LEFTOVER_WAIT_S) and drop(connection, server, name)


def _named_by_us(server: Server, name: str) -> bool:
    """Killed between making it and marking it, a restore leaves only the name."""
    head, _, _ = server.sibling("restore").rpartition("__restore_")
    return re.fullmatch(rf"{re.escape(head)}__restore_\d{{8}}t\d{{6}}", name) is not None


def _alter(connection: Connection, database: str, change: sql.Composable) -> None:
    connection.execute(sql.SQL("ALTER DATABASE {} {}").format(sql.Identifier(database), change))
