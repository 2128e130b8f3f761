"""`postgresql:VARIABLE`: the database whose URL is in this environment variable, so that no password is on a command line."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, ClassVar

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from domain.errors import ConfigurationError
from examples.faults.contract import Fault, Target

NAME = "backout-fault"
"""`application_name` of the connections that are held."""

MOST = 1000
_PATIENCE_SECONDS = 10.0
_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = %s AND pid <> pg_backend_pid() AND application_name <> %s"""
_HELD = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND pid <> pg_backend_pid()"
_COLUMN = "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
MIGRATED = {"entries": "body", "messages": "reply"}
"""Table -> its column that a bad migration renames: of the demo, of Jarvis."""

RENAMED = "{}_renamed"

Connection = psycopg.Connection[tuple[Any, ...]]


class PostgreSQL(Target):
    """A database, as its owner or a superuser may break it. `bad-migration` is about the tables in `MIGRATED`."""

    kind: ClassVar[str] = "postgresql"
    faults: ClassVar[Mapping[Fault, str]] = {
        Fault.EXHAUSTED_CONNECTIONS: "sessions are ended, and all connections of the server are held",
        Fault.DEAD_DEPENDENCY: "sessions are ended, and the database takes no new ones",
        Fault.BAD_MIGRATION: "a column that releases read has another name",
    }

    @contextmanager
    def inject(self, fault: Fault, until: float) -> Iterator[None]:  # noqa: ARG002 -- the keeper ends it
        """Hold the connections inside; the other faults stay until they are undone."""
        with ExitStack() as held:
            if fault is Fault.EXHAUSTED_CONNECTIONS:
                self._hold(held)
            elif fault is Fault.DEAD_DEPENDENCY:
                self._close()
            else:
                self._rename("{}", RENAMED)
            yield

    def undo(self, fault: Fault) -> None:
        """End held connections, open the database, give the column its name again."""
        if fault is Fault.EXHAUSTED_CONNECTIONS:
            self._release()
        elif fault is Fault.DEAD_DEPENDENCY:
            with self._maintenance() as connection:
                connection.execute(_allowing(self._database, "true"))
        else:
            self._rename(RENAMED, "{}")

    def _hold(self, held: ExitStack) -> None:
        """Twice: who was ended in between comes back at once, and takes a place."""
        first = held.enter_context(self._maintenance())
        for _ in range(2):
            first.execute(_OTHERS, [self._database, NAME])
            with suppress(psycopg.OperationalError):
                for _ in range(MOST):
                    held.enter_context(psycopg.connect(self._url, application_name=NAME))

    def _release(self) -> None:
        """A server without a free connection has none for us either, until its holder's sockets are closed."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                with self._maintenance() as connection:
                    connection.execute(_HELD, [NAME])
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def _close(self) -> None:
        with self._maintenance() as connection:
            connection.execute(_allowing(self._database, "false"))
            connection.execute(_OTHERS, [self._database, NAME])

    def _rename(self, old: str, new: str) -> None:
        """`old`, `new`: patterns that the column's name is put into."""
        with psycopg.connect(self._url) as connection:
            for table, column in MIGRATED.items():
                was, becomes = old.format(column), new.format(column)
                if connection.execute(_COLUMN, [table, was]).fetchone():
                    names = (sql.Identifier(name) for name in (table, was, becomes))
                    connection.execute(sql.SQL("ALTER TABLE {} RENAME COLUMN {} TO {}").format(*names))

    def _maintenance(self) -> Connection:
        """A session of the same server that is in no one's way."""
        return psycopg.connect(self._url, dbname="postgres", application_name=NAME, autocommit=True)

    @property
    def _url(self) -> str:
        found = os.environ.get(self.place)
        if not found:
            raise ConfigurationError("command line", "TARGET", f"{self.place} is not set in the environment")
        return found

    @property
    def _database(self) -> str:
        return str(conninfo_to_dict(self._url)["dbname"])


def _allowing(database: str, allowed: str) -> sql.Composed:
    statement = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
    return statement.format(sql.Identifier(database), sql.SQL("true" if allowed == "true" else "false"))
