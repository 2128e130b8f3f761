"""Connections to the store, and its own migrations."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from domain.errors import ConfigurationError, StoreUnavailable

Connection = psycopg.Connection[DictRow]

IDLE_S = 1.0
"""Seconds after which a kept connection is tried before it is used: the server may have restarted."""

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
"""What psycopg raises for a server that is away, shuts down, or became a standby that takes nothing."""

MIGRATION_LOCK = 0x6261636B
MIGRATIONS = files("blocks.store").joinpath("migrations")


def place(url: str) -> str:
    """The URL's host and database, for messages: never its password."""
    parts = conninfo_to_dict(url)
    return f"{parts.get('host', 'localhost')}/{parts.get('dbname', 'postgres')}"


class Database:
    """One connection a thread, made when needed and made again when broken."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._kept = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction; rolled back where the block raises. Raises StoreUnavailable, ConfigurationError."""
        try:
            connection = self._connection()
            with connection.transaction():
                yield connection
            self._kept.used = time.monotonic()
        except AWAY as error:
            self.close()
            raise StoreUnavailable(
                what_it_is="the store", address=place(self.url), why=_why(error)
            ) from error

    def close(self) -> None:
        """Close this thread's connection; the next transaction makes a new one."""
        connection = getattr(self._kept, "connection", None)
        self._kept.connection = None
        if connection is not None:
            connection.close()

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._kept, "connection", None)
        if connection is not None and not connection.closed and self._answers(connection):
            return connection
        self._kept.connection = self._connect()
        self._kept.used = time.monotonic()
        return self._kept.connection  # type: ignore[no-any-return] # threading.local knows no types

    def _answers(self, connection: Connection) -> bool:
        if time.monotonic() - self._kept.used < IDLE_S:
            return True
        try:
            connection.execute("SELECT 1")
        except psycopg.OperationalError:
            connection.close()
            return False
        return True

    def _connect(self) -> Connection:
        options = "-c search_path=backout -c timezone=UTC -c statement_timeout=15000 -c lock_timeout=5000"
        try:
            return psycopg.connect(
                self.url,
                autocommit=True,
                row_factory=dict_row,
                connect_timeout=3,
                options=options,
                application_name="backout",
            )
        except psycopg.ProgrammingError:
            # What it says could show the password.
            raise ConfigurationError("environment", "BACKOUT_DATABASE_URL", "is no PostgreSQL URL") from None

    def migrate(self) -> list[str]:
        """Bring the schema up to date; the names of the files applied now."""
        with self.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
            connection.execute("CREATE SCHEMA IF NOT EXISTS backout")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz DEFAULT now())"
            )
            applied = {row["name"] for row in connection.execute("SELECT name FROM migrations")}
            missing = sorted(file.name for file in MIGRATIONS.iterdir() if file.name.endswith(".sql"))
            return [_apply(connection, name) for name in missing if name not in applied]


def _apply(connection: Connection, name: str) -> str:
    statements: Any = MIGRATIONS.joinpath(name).read_text(encoding="utf-8")
    connection.execute(statements)
    connection.execute("INSERT INTO migrations (name) VALUES (%s)", [name])
    return name


def _why(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
