"""`postgresql`: whether PostgreSQL answers, how full it is, and which migration is the newest."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, SerializeAsAny

from blocks.adapter import chosen_from
from blocks.databases.contract import Changes, Database
from blocks.fields import AbsolutePath
from blocks.migrations.contract import Migrations
from blocks.postgres.changes import PostgresChanges
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.database.migration import by_number
from domain.database.retention import Retention
from domain.findings import Finding, Verdict

FULL_PERCENT = 95.0
DATABASE = "database"
CONNECTIONS = "connections"

USED_AND_ALLOWED: LiteralString = (
    "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity"
    " WHERE backend_type = 'client backend'"
)

# libpq's own text is not shown: it can quote the address, and with it a password that was written wrongly.
WHY: tuple[tuple[str, str], ...] = (
    ("refused", "refused"),
    ("no such file", "refused"),
    ("timeout", "timeout"),
    ("password authentication failed", "authentication failed"),
    ("no password supplied", "authentication failed"),
    ("authentication", "authentication failed"),
    ("too many", "too many connections"),
    ("remaining connection slots", "too many connections"),
    ("does not exist", "database or role does not exist"),
    ("resolve", "unknown host"),
    ("translate host name", "unknown host"),
    ("starting up", "starting up"),
    ("shutting down", "shutting down"),
    ("ssl", "tls failed"),
    ("closed the connection", "closed"),
)


def _address(url: SecretStr) -> SecretStr:
    try:
        conninfo_to_dict(url.get_secret_value())
    except psycopg.Error:
        raise ValueError(
            "is not a PostgreSQL address, like postgresql://user:password@host/database"
        ) from None
    return url


class Backups(BaseModel):
    """Where backups go, and which ones stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: AbsolutePath | None = Field(
        default=None, description="Default: a folder of the application's own below BACKOUT_HOME."
    )
    keep: Retention = Field(default_factory=Retention, description="How many stay.")
    jobs: int = Field(default=2, ge=1, le=32, description="Tables that are dumped or restored at once.")


class Postgresql(Database):
    """Looks in a read-only transaction, so that it works through PgBouncer too and leaves nothing set behind it."""

    kind: Literal["postgresql"] = "postgresql"
    url: Annotated[SecretStr, AfterValidator(_address)] = Field(
        description="postgresql://user:password@host/database; best a reference, `${DATABASE_URL}`."
    )
    migrations_table: str = Field(
        default="schema_migrations",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$",
        description="Table whose column `version` holds the applied migrations; `schema.table` where it needs one.",
    )
    timeout_s: float = Field(
        default=3.0, ge=2, le=60, description="Seconds to connect, and then for each look."
    )
    owner_url: Annotated[SecretStr, AfterValidator(_address)] | None = Field(
        default=None,
        description="The same database by the role that owns it, for migrations, backups and swaps; default: `url`.",
    )
    migrations: Annotated[SerializeAsAny[Migrations], chosen_from("migrations")] | None = Field(
        default=None, description="What brings the schema from one version to another."
    )
    programs: Programs = Field(
        default_factory=Programs, description="Where `pg_dump`, `pg_restore` and `psql` run."
    )
    backups: Backups = Field(default_factory=Backups, description="Where backups go, and which ones stay.")
    smoke: list[str] = Field(
        default_factory=list,
        description="Queries that must each give a row whose first value is neither null nor false.",
    )
    drain_s: float = Field(
        default=10.0, gt=0, le=600, description="Seconds that sessions have to leave before a swap."
    )

    def observe(self) -> list[Finding]:
        """`database` and `connections`. Bad where it does not answer, and above 95 % of its connections."""
        try:
            with self._looking() as connection:
                used, allowed = connection.execute(USED_AND_ALLOWED).fetchone() or (0, 0)
        except psycopg.Error as error:
            return _not_answering(error)
        return [_finding(DATABASE, Verdict.OK, "answers"), _connections(used, allowed)]

    def schema_version(self) -> str | None:
        """The newest by number, whether the column holds numbers or names that begin with one."""
        table = sql.Identifier(*self.migrations_table.split("."))
        try:
            with self._looking() as connection:
                rows = connection.execute(sql.SQL("SELECT version::text FROM {}").format(table)).fetchall()
        except psycopg.Error:
            return None
        return max((version for (version,) in rows if version), key=by_number, default=None)

    def changes(self, application: str, backups: Path) -> Changes:
        """What can be done to it, as the role that owns it."""
        return PostgresChanges(
            application=application,
            server=Server(self.url, self.owner_url or self.url),
            programs=self.programs,
            folder=self.backups.folder or backups,
            retention=self.backups.keep,
            jobs=self.backups.jobs,
            drain_s=self.drain_s,
            smoke=self.smoke,
            migrations=self.migrations,
        )

    @contextmanager
    def _looking(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        address = self.url.get_secret_value()
        wait = int(self.timeout_s)
        with psycopg.connect(address, connect_timeout=wait, application_name="backout") as connection:
            connection.read_only = True
            with _cut_off(connection, self.timeout_s):
                limit = sql.SQL("SET LOCAL statement_timeout = {}").format(
                    sql.Literal(int(self.timeout_s * 1000))
                )
                connection.execute(limit)
                yield connection


@contextmanager
def _cut_off(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Close the connection's socket when the time is over: a frozen server keeps no statement timeout."""

    def shut() -> None:
        with socket.socket(fileno=socket.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(seconds + 1, shut)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def _finding(name: str, verdict: Verdict, said: str, **more: Any) -> Finding:
    return Finding(name=name, on=DATABASE, verdict=verdict, said=said, **more)


def _not_answering(error: psycopg.Error) -> list[Finding]:
    why = _symptom(error)
    return [
        _finding(DATABASE, Verdict.BAD, f"does not answer: {why}", symptom=why),
        _finding(CONNECTIONS, Verdict.NO_DATA, "the database does not answer"),
    ]


def _symptom(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.errors.ConnectionTimeout | psycopg.errors.QueryCanceled):
        return "timeout"
    text = str(error).lower()
    return next((symptom for words, symptom in WHY if words in text), type(error).__name__)


def _connections(used: int, allowed: int) -> Finding:
    share = 100 * used / allowed if allowed else 0.0
    said = f"{used} of {allowed} connections in use"
    measured: dict[str, Any] = {"value": share, "unit": "%"}
    if share > FULL_PERCENT:
        return _finding(CONNECTIONS, Verdict.BAD, said, symptom="connections nearly exhausted", **measured)
    return _finding(CONNECTIONS, Verdict.OK, said, **measured)
