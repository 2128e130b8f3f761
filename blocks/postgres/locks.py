"""Which locks a migration's steps take, seen while they run, whatever program runs them.

A second session on the clone holds each table in a mode that the step's lock must wait for. The wait shows which lock
it is; then the table is let go, and held again in the strongest mode that the step's lock allows, so that a stronger
one is seen too. Between letting go and holding again a step can pass unseen for about a millisecond.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from blocks.postgres.server import Connection, Server
from blocks.postgres.tables import Tables
from domain.database.rehearsal import Lock

FIRST_PAUSE_S = 0.002
LONGEST_PAUSE_S = 0.05

MODES = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
    "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
"""From the weakest to the strongest (PostgreSQL manual, 13.3.1)."""

STRANGER = "EXCLUSIVE"
"""The mode in which a table is held that no step has locked yet: only reading passes."""

BESIDE = {
    "RowShareLock": "SHARE ROW EXCLUSIVE",
    "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "ROW SHARE",
    "ShareLock": "ROW SHARE",
    "ShareRowExclusiveLock": "ROW SHARE",
    "ExclusiveLock": "ACCESS SHARE",
}
"""Lock of a step -> the mode that can be held beside it, and that the next stronger one waits for."""

BLOCKS = {
    "RowExclusiveLock": "nothing but changes of the schema",
    "ShareUpdateExclusiveLock": "nothing but changes of the schema",
    "ShareLock": "writing",
    "ShareRowExclusiveLock": "writing",
    "ExclusiveLock": "writing",
    "AccessExclusiveLock": "reading and writing",
}
"""What waits meanwhile. Weaker locks are not told: every query takes one."""

REFUSED = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.UndefinedTable,
    psycopg.errors.InsufficientPrivilege,
)

SEEN = """
SELECT l.locktype, l.relation::bigint, l.mode,
    NOT l.granted AND pg_backend_pid() = ANY(pg_blocking_pids(l.pid)) AS waits_for_us
FROM pg_locks l JOIN pg_stat_activity s ON s.pid = l.pid AND s.datname = current_database()
WHERE l.pid <> pg_backend_pid() AND s.usesysid IS NOT NULL AND l.locktype IN ('relation', 'virtualxid')
"""


@dataclass
class LockWatch:
    """The strongest lock seen on each table so far, by oid."""

    tables: Tables
    strongest: dict[int, str] = field(default_factory=dict)
    free: set[int] = field(default_factory=set)

    def note(self, oid: int, mode: str) -> bool:
        """Whether this lock is stronger than what was seen of the table before."""
        seen = self.strongest.get(oid)
        stronger = oid in self.tables and (seen is None or MODES.index(mode) > MODES.index(seen))
        if stronger:
            self.strongest[oid] = mode
        return stronger

    def mode_to_hold(self, oid: int) -> str | None:
        """None: let it go."""
        seen = self.strongest.get(oid)
        if oid in self.free:
            return None
        return STRANGER if seen in (None, "AccessShareLock") else BESIDE.get(str(seen))

    def locks(self) -> list[Lock]:
        """What was seen, by table."""
        named = sorted((self.tables[oid].name, mode) for oid, mode in self.strongest.items())
        return [Lock(table=name, mode=mode, blocks=BLOCKS[mode]) for name, mode in named if mode in BLOCKS]


@contextmanager
def watched(server: Server, database: str, tables: Tables, *, hold: bool = True) -> Iterator[LockWatch]:
    """Watch the locks on a clone's tables while the block runs. Only in a database that serves nobody.

    `hold=False` only looks now and then: for steps that give up where they would have to wait.
    """
    watch, stop, ready = LockWatch(tables), threading.Event(), threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(server, database, watch, stop, ready), kwargs={"hold": hold}, daemon=True
    )
    watcher.start()
    ready.wait()
    try:
        yield watch
    finally:
        stop.set()
        watcher.join()


def _watch(
    server: Server,
    database: str,
    watch: LockWatch,
    stop: threading.Event,
    ready: threading.Event,
    *,
    hold: bool,
) -> None:
    # Without a connection nothing is held, and the steps run unwatched: the rehearsal itself is worth more.
    with suppress(psycopg.Error), server.connected(database) as connection:
        connection.execute("SELECT set_config('idle_in_transaction_session_timeout', '0', false)")
        held = _Held(connection, watch) if hold else None
        if held:
            held.renew()
        ready.set()
        pause = FIRST_PAUSE_S
        while not stop.wait(pause):
            changed = _look(connection, watch)
            if held and changed:
                held.renew()
            pause = FIRST_PAUSE_S if changed else min(pause * 1.5, LONGEST_PAUSE_S)
    ready.set()


def _look(connection: Connection, watch: LockWatch) -> bool:
    """Note what others lock; whether we must hold something else than now."""
    changed = False
    # Else the sessions would stay those of our transaction's first look.
    connection.execute("SELECT pg_stat_clear_snapshot()")
    for kind, oid, mode, waits_for_us in connection.execute(SEEN).fetchall():
        if kind == "virtualxid":
            # CREATE or DROP INDEX CONCURRENTLY waits for our transaction as a whole.
            watch.free |= {one for one in watch.strongest if waits_for_us}
            changed = changed or waits_for_us
        elif watch.note(oid, mode) or waits_for_us:
            changed = True
    return changed


class _Held:
    """The tables that we hold; all in one transaction, which is begun anew to let one go."""

    def __init__(self, connection: Connection, watch: LockWatch) -> None:
        self._connection = connection
        self._watch = watch

    def renew(self) -> None:
        """Hold each table as the watch says. One that a step got in between is noted and held beside that."""
        self._connection.execute("ROLLBACK")
        while not self._all_at_once():
            self._connection.execute("ROLLBACK")
            if not _look(self._connection, self._watch):
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


def _lock(mode: str, names: Sequence[sql.Identifier]) -> sql.Composed:
    return sql.SQL("LOCK TABLE {} IN {} MODE NOWAIT").format(sql.SQL(", ").join(names), sql.SQL(mode))
