"""Which locks a migration's steps take, seen while they run, whatever program runs them.

A second session on the clone holds each table in a mode that the step's lock must wait for. The wait shows which lock
it is; then the table is let go, and held again in the strongest mode that the step's lock allows, so that a stronger
one is seen too. Between letting go and holding again a step can pass unseen for about a millisecond.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from blocks.postgres.held_tables import Door, HeldTables
from blocks.postgres.lock_watch import LockWatch
from blocks.postgres.server import Connection, Server
from blocks.postgres.tables import Tables
from domain.errors import DatabaseUnreachable

FIRST_PAUSE_S = 0.002
LONGEST_PAUSE_S = 0.05

SEEN = """
SELECT l.locktype, l.relation::bigint, l.mode, NOT l.granted AND pg_blocking_pids(l.pid) && %(ours)s::int[] AS waits_for_us
FROM pg_locks l JOIN pg_stat_activity s ON s.pid = l.pid AND s.datname = current_database()
WHERE l.pid <> ALL(%(ours)s::int[]) AND s.usesysid IS NOT NULL AND l.locktype IN ('relation', 'virtualxid')
"""


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
    try:
        # Without a connection nothing is held, and the steps run unwatched: the rehearsal itself is worth more.
        with (
            suppress(psycopg.OperationalError, DatabaseUnreachable),
            server.connected(database) as one,
            server.connected(database) as other,
        ):
            _Watching(one, other, watch, hold=hold).until(stop, ready)
    finally:
        ready.set()


class _Watching:
    """The watch's two sessions: one holds the tables and looks, the other holds the door."""

    def __init__(self, one: Connection, other: Connection, watch: LockWatch, *, hold: bool) -> None:
        for connection in (one, other):
            connection.execute("SELECT set_config('idle_in_transaction_session_timeout', '0', false)")
        self._connection = one
        self._watch = watch
        self._hold = hold
        self._held = HeldTables(one, watch, self._look)
        self._door = Door(other)
        self._at_door = False
        self._ours = [one.info.backend_pid, other.info.backend_pid]

    def until(self, stop: threading.Event, ready: threading.Event) -> None:
        """Look again and again. `ready` is set as soon as all is held."""
        if self._hold:
            self._held.renew()
            self._door.close()
        ready.set()
        pause = FIRST_PAUSE_S
        while not stop.wait(pause):
            changed = self._look()
            if self._hold:
                self._let_go(changed=changed)
            pause = FIRST_PAUSE_S if changed else min(pause * 1.5, LONGEST_PAUSE_S)

    def _let_go(self, *, changed: bool) -> None:
        if self._at_door:
            self._door.open()
        else:
            self._door.close()
        if changed:
            self._held.renew()

    def _look(self) -> bool:
        """Note what others lock; whether something else is to be held than now."""
        changed = self._at_door = False
        # Else the sessions would stay those of our transaction's first look.
        self._connection.execute("SELECT pg_stat_clear_snapshot()")
        for kind, oid, mode, waits_for_us in self._connection.execute(SEEN, {"ours": self._ours}).fetchall():
            if kind == "virtualxid":
                # CREATE or DROP INDEX CONCURRENTLY waits for our transaction as a whole.
                self._watch.free |= set(self._watch.strongest) if waits_for_us else set()
            elif oid not in self._watch.tables:
                self._at_door = self._at_door or waits_for_us
                continue
            elif self._watch.note(oid, mode):
                changed = True
            changed = changed or waits_for_us
        return changed
