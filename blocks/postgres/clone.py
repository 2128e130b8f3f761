"""A clone of the application's database in the same server, for a rehearsal; it goes when its block ends."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Literal

import psycopg
from psycopg import sql

from blocks.postgres import settings
from blocks.postgres.copying import fill
from blocks.postgres.empty import create_empty
from blocks.postgres.programs import Programs
from blocks.postgres.server import Connection, Server
from domain.database.progress import Progress
from domain.errors import DatabaseUnreachable, NotRehearsed

How = Literal["auto", "template", "dump"]

LARGE = 2 * 1024**3
"""Bytes from which `auto` dumps: while a template is copied, whoever connects to the application's database waits."""

SMALL = 64 * 1024**2
"""Bytes up to which writing each page to the WAL costs less than the two checkpoints of copying files."""

FILE_COPY_SINCE = 150000
LOCKS = 0x62_61_63
"""First half of the advisory locks by which running clones are known."""


@dataclass(frozen=True)
class Clone:
    """A clone that is ready.

    Attributes:
        database: its name.
        source: a transaction that reads the application's database as the clone was made from it. It writes nothing.
    """

    database: str
    how: Literal["template", "dump"]
    seconds: float
    source: Connection


def quiet(_: Progress) -> None:
    """Tell nobody."""


@contextmanager
def clone(
    server: Server, programs: Programs, how: How = "auto", progress: Callable[[Progress], None] = quiet
) -> Iterator[Clone]:
    """A copy of the application's database, dropped at the end; clones left by killed runs are dropped first.

    `template` copies files and needs a database that nobody else is connected to; `dump` works always. No session
    of the application is ended. Raises NotRehearsed, ProgramUnfit, DatabaseUnreachable.
    """
    sweep(server)
    started = time.monotonic()
    with server.connected() as holder:
        name = _reserved(server, holder)
        try:
            with _explained(server), _made(server, programs, holder, name, how, progress) as (way, source):
                yield Clone(name, way, time.monotonic() - started, source)
        finally:
            with suppress(DatabaseUnreachable):  # the server is away: the next sweep drops it
                _drop(server, name)


def sweep(server: Server) -> list[str]:
    """Drop the clones of runs that were killed, and only those; their names."""
    head = server.sibling("clone").rpartition("__clone_")[0]
    pattern = rf"^{re.escape(head)}__clone_\d{{8}}t\d{{6}}$"
    with server.connected() as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE datname ~ %s AND pg_has_role(datdba, 'member')", [pattern]
        )
        left = [name for (name,) in found.fetchall() if not _has_holder(connection, name)]
    for name in left:
        _drop(server, name)
    return left


@contextmanager
def _made(
    server: Server,
    programs: Programs,
    holder: Connection,
    name: str,
    how: How,
    progress: Callable[[Progress], None],
) -> Iterator[tuple[Literal["template", "dump"], Connection]]:
    copied = _wants_template(holder, how) and _copied(holder, server.database, name, how)
    with server.connected(autocommit=False) as source:
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        source.execute("SELECT set_config('idle_in_transaction_session_timeout', '0', true)")
        if not copied:
            create_empty(holder, name, server.database, same_owner=False)
            fill(server, programs, source, name, progress)
        _carry_settings(holder, name)
        yield ("template" if copied else "dump"), source


def _wants_template(holder: Connection, how: How) -> bool:
    if how != "auto":
        return how == "template"
    found = holder.execute(
        "SELECT pg_database_size(current_database()) < %s AND NOT EXISTS (SELECT FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL)",
        [LARGE],
    ).fetchone()
    return bool(found and found[0])


def _copied(holder: Connection, database: str, name: str, how: How) -> bool:
    """Whether the files were copied; False where somebody connected meanwhile and a dump may be taken instead."""
    size = holder.execute("SELECT pg_database_size(current_database())").fetchone()
    by_files = holder.info.server_version >= FILE_COPY_SINCE and size is not None and size[0] > SMALL
    query = sql.SQL("CREATE DATABASE {} TEMPLATE {}{}").format(
        sql.Identifier(name),
        sql.Identifier(database),
        sql.SQL(" STRATEGY file_copy" if by_files else ""),
    )
    try:
        holder.execute(query)
    except psycopg.errors.ObjectInUse:
        if how == "template":
            raise
        return False
    return True


def _carry_settings(holder: Connection, name: str) -> None:
    """Close the clone to others, and give it the settings of its original: a step may rely on its search path."""
    close = sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM public")
    holder.execute(close.format(sql.Identifier(name)))
    settings.copy_settings([holder], holder.info.dbname, name)  # without a superuser's, like log_statement


def _reserved(server: Server, holder: Connection) -> str:
    """A name that nobody has, and the lock by which `sweep` sees that it is in use as long as we live."""
    now = datetime.now(UTC)
    for second in count():
        name = server.sibling("clone", now + timedelta(seconds=second))
        taken = holder.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None
        if taken or _has_holder(holder, name):
            continue
        locked = holder.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCKS, _number(name)]).fetchone()
        if locked and locked[0]:
            return name
    raise AssertionError("there is always a later second")


def _has_holder(connection: Connection, name: str) -> bool:
    """Whether a run that uses the clone is alive. Its lock is of its own database, so it is looked for in all."""
    found = connection.execute(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s",
        [LOCKS, _number(name)],
    )
    return found.fetchone() is not None


def _number(name: str) -> int:
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def _drop(server: Server, name: str) -> None:
    """By force: whoever is still connected to a clone is a program of ours that outlived its run."""
    with server.connected() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _explained(server: Server) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise NotRehearsed(database=server.database, why=" ".join(str(error).split())) from error
