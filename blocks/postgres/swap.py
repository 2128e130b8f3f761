"""A restored database takes the place of the one in use, which is kept; and back again."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

from blocks.postgres import marks, settings
from blocks.postgres.maintenance import exists, maintenance, turn
from blocks.postgres.marks import Mark
from blocks.postgres.server import Connection, Server
from blocks.postgres.sessions import Session, end, enders, lock_holders, others, strangers
from blocks.postgres.swap_conditions import refuse
from blocks.postgres.writes import resume, stop
from domain.database.swap import Swapped
from domain.errors import ConnectionsRemain, SwapRefused

DRAIN_S = 10.0
LOOK_AGAIN_S = 0.02
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '1s'"


def swap(server: Server, new: str, *, drain_s: float = DRAIN_S) -> Swapped:
    """Give `new` the application's name, and keep the database that had it, under a name with the time.

    Everything slow happens while the application works. Then nobody is let in, who is in is sent away, and one
    transaction renames both and opens them: at every instant there is a database under the application's name.
    Done before, by a process that was killed after it: nothing is done again.

    Args:
        server: as its owner; `CREATEDB` is enough, a superuser is not needed.
        new: what `restore` made, or what an earlier swap kept.
        drain_s: how long sessions have to leave which nobody here may end, and the others once they were told to.

    Raises:
        ConnectionsRemain: they did not; the database is open again and unchanged.
        SwapRefused: with all that is in the way; nothing was touched.
        MigrationRunning: a migration runs in it; nothing was touched.
        DatabaseUnreachable: the server went away. Where that left the database closed, `open_again` opens it.
    """
    with turn(server, server.database) as connection:
        done = _done_before(connection, server.database, new)
        if done is not None:
            return done
        refuse(connection, server.database, new)
        with enders(server, connection) as ending, _told(server):
            return _Exchange(server, connection, ending, new, drain_s).run()


def swap_back(server: Server, kept: str, *, drain_s: float = DRAIN_S) -> Swapped:
    """Undo a swap: the database that it kept is in use again, and the one that came in its place is kept. As `swap`."""
    return swap(server, kept, drain_s=drain_s)


def kept(server: Server) -> list[str]:
    """The databases that swaps kept, newest first."""
    with maintenance(server) as connection:
        found = marks.ours(connection, server.database)
    return [name for name, mark in found.items() if mark.state == "kept"]


@dataclass(frozen=True)
class _Exchange:
    """One exchange of names.

    Attributes:
        ending: connections whose roles may end sessions, `connection` first.
    """

    server: Server
    connection: Connection
    ending: list[Connection]
    new: str
    drain_s: float

    def run(self) -> Swapped:
        app = self.server.database
        lost = not exists(self.connection, app)
        databases = [self.new] if lost else [app, self.new]
        not_copied = [] if lost else settings.copy(self.ending, app, self.new)
        # With the database open: who nobody here can send away costs no outage.
        self._wait_for_strangers(databases)
        began = time.monotonic()
        with self._closed(databases):
            kept = self._rename(databases, lost=lost)
        return Swapped(kept=kept, outage_s=time.monotonic() - began, not_copied=not_copied)

    def _wait_for_strangers(self, databases: Sequence[str]) -> None:
        deadline = time.monotonic() + self.drain_s
        while left := strangers(self.ending, databases):
            if time.monotonic() > deadline:
                raise self._remain(left)
            time.sleep(LOOK_AGAIN_S)

    @contextmanager
    def _closed(self, databases: Sequence[str]) -> Iterator[None]:
        """Nobody is let in, until the transaction inside opens them under their new names, or fails."""
        try:
            with self.connection.transaction():
                self.connection.execute(LOCK_TIMEOUT)
                stop(self.connection, databases, "no_connections")
            yield
        except psycopg.errors.LockNotAvailable:
            self._open(databases)
            raise self._remain(lock_holders(self.connection, databases)) from None
        except BaseException:
            self._open(databases)
            raise

    def _open(self, databases: Sequence[str]) -> None:
        try:
            resume(self.connection, databases, "no_connections")
        except psycopg.Error:
            with maintenance(self.server) as fresh:
                resume(fresh, databases, "no_connections")

    def _rename(self, databases: Sequence[str], *, lost: bool) -> str:
        """Try until nobody is in the way; what began to connect before the doors were shut can still come in."""
        deadline = time.monotonic() + self.drain_s
        while True:
            self._empty(databases, deadline)
            try:
                return self._exchange(lost=lost)
            except (psycopg.errors.ObjectInUse, psycopg.errors.LockNotAvailable):
                if time.monotonic() > deadline:
                    raise self._remain(lock_holders(self.connection, databases)) from None

    def _empty(self, databases: Sequence[str], deadline: float) -> None:
        while left := others(self.connection, databases):
            if time.monotonic() > deadline:
                raise self._remain(left)
            end(self.ending, databases)
            time.sleep(LOOK_AGAIN_S)

    def _exchange(self, *, lost: bool) -> str:
        app, now = self.server.database, datetime.now(UTC)
        incoming = marks.read(self.connection, self.new)
        old = Mark() if lost else marks.read(self.connection, app)
        kept = "" if lost else _free_name(self.connection, self.server, now)
        noted = {"of": app, "backup": incoming.backup, "replaced_by": self.new, "at": now}
        with self.connection.transaction():
            self.connection.execute(LOCK_TIMEOUT)
            if not lost:
                _rename(self.connection, app, kept)
                _put(self.connection, kept, old.model_copy(update={**noted, "state": "kept"}))
            _rename(self.connection, self.new, app)
            served = {**noted, "state": "in use"} if lost else {"state": "", "comment": old.comment}
            _put(self.connection, app, incoming.model_copy(update=served))
        return kept

    def _remain(self, left: Sequence[Session]) -> ConnectionsRemain:
        said = [str(session) for session in left] or ["a session that has gone meanwhile"]
        return ConnectionsRemain(database=self.server.database, sessions=said)


@contextmanager
def _told(server: Server) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise SwapRefused(database=server.database, why=[" ".join(str(error).split())]) from error


def _done_before(connection: Connection, database: str, new: str) -> Swapped | None:
    """What a swap did whose process was killed before it could tell; None where `new` is still to be swapped in."""
    if exists(connection, new):
        return None
    found = marks.ours(connection, database)
    name = next((name for name, mark in found.items() if mark.replaced_by == new), None)
    if name is None:
        return None
    return Swapped(kept="" if name == database else name, changed=False)


def _free_name(connection: Connection, server: Server, now: datetime) -> str:
    """A name that is not taken: two swaps in one second would have the same."""
    while exists(connection, name := server.sibling("kept", now)):
        now += timedelta(seconds=1)
    return name


def _rename(connection: Connection, old: str, new: str) -> None:
    names = (sql.Identifier(old), sql.Identifier(new))
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))


def _put(connection: Connection, database: str, mark: Mark) -> None:
    """Note it, and take away all that kept the database from being used."""
    marks.write(connection, database, mark)
    for how in mark.was:
        resume(connection, [database], how)
