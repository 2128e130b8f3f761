"""Tables of a clone that are held, so that who wants them waits and is seen waiting."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
from psycopg import sql

from blocks.postgres.catalog import RECORDS
from blocks.postgres.lock_watch import STRANGER, LockWatch
from blocks.postgres.server import Connection

REFUSED = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.UndefinedTable,
    psycopg.errors.InsufficientPrivilege,
)

RECORD_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relname = ANY(%s)
"""


class HeldTables:
    """The tables that we hold; all in one transaction, which is begun anew to let one go."""

    def __init__(self, connection: Connection, watch: LockWatch, look: Callable[[], bool]) -> None:
        self._connection = connection
        self._watch = watch
        self._look = look

    def renew(self) -> None:
        """Hold each table as the watch says. One that a step got in between is noted and held beside that."""
        self._connection.execute("ROLLBACK")
        while not self._all_at_once():
            self._connection.execute("ROLLBACK")
            if not self._look():
                self._watch.free |= self._in_the_way()

    def _all_at_once(self) -> bool:
        wanted: dict[str, list[sql.Identifier]] = {}
        for oid, table in self._watch.tables.items():
            if mode := self._watch.mode_to_hold(oid):
                wanted.setdefault(mode, []).append(sql.Identifier(table.schema, table.bare))
        statements = [sql.SQL("BEGIN"), *(_lock(mode, names) for mode, names in wanted.items())]
        try:
            self._connection.execute(sql.SQL("; ").join(statements))
        except REFUSED:
            return False
        return True

    def _in_the_way(self) -> set[int]:
        """Tables that cannot be held and whose lock is not seen either: dropped or renamed by now, or not ours."""
        return {oid for oid in self._watch.tables if not self._can_hold(oid)}

    def _can_hold(self, oid: int) -> bool:
        table, mode = self._watch.tables[oid], self._watch.mode_to_hold(oid)
        if mode is None:
            return True
        try:
            with self._connection.transaction():
                self._connection.execute(_lock(mode, [sql.Identifier(table.schema, table.bare)]))
        except REFUSED:
            return False
        return True


class Door:
    """The tables in which migration tools keep their record: the last that most steps write before they commit.

    Who waits here has all the locks of its step, so that none is missed however fast the step was.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        found = connection.execute(RECORD_TABLES, [list(RECORDS)]).fetchall()
        self._records = [sql.Identifier(schema, name) for schema, name in found]
        self._closed = False

    def open(self) -> None:
        """Let pass who waits."""
        self._connection.execute("ROLLBACK")
        self._closed = False

    def close(self) -> None:
        """Hold the tables again, as soon as the step that wrote them has ended."""
        if self._closed or not self._records:
            return
        try:
            self._connection.execute(sql.SQL("BEGIN; {}").format(_lock(STRANGER, self._records)))
            self._closed = True
        except REFUSED:
            self._connection.execute("ROLLBACK")


def _lock(mode: str, names: Sequence[sql.Identifier]) -> sql.Composed:
    return sql.SQL("LOCK TABLE {} IN {} MODE NOWAIT").format(sql.SQL(", ").join(names), sql.SQL(mode))
