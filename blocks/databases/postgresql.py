"""`postgresql`: whether PostgreSQL answers, how full it is, and which migration is the newest."""

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any, Literal, LiteralString

import psycopg
from psycopg import sql
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from blocks.adapter import chosen_from
from blocks.databases.contract import Bring, Changes, Database, there_already
from blocks.fields import AbsolutePath
from blocks.hosts.local import Local
from blocks.migrations.contract import Migrations
from blocks.postgres import checkup
from blocks.postgres.changes import PostgresChanges
from blocks.postgres.programs import Programs
from blocks.postgres.read_only import Address, reading, symptom
from blocks.postgres.server import Server
from domain.checkup import Checkup, well
from domain.database.migration import by_number
from domain.database.retention import Retention
from domain.errors import Unreachable
from domain.findings import Finding, Verdict

FULL_PERCENT = 95.0
DATABASE = "database"
CONNECTIONS = "connections"
RESTART_S = 120.0
"""Seconds for the command that restarts it, and as many until it answers again."""

LOOK_AGAIN_S = 0.5

# What other roles' sessions are is hidden from a role without pg_read_all_stats; in which database they are is not.
USED_AND_ALLOWED: LiteralString = """
    SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity
    WHERE backend_type = 'client backend' OR backend_type IS NULL AND datid IS NOT NULL
"""


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
    url: Address = Field(
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
    owner_url: Address | None = Field(
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
    restart: list[str] = Field(
        default_factory=list,
        description="Command that restarts the server, as an argument list; `backout doctor --fix` offers it.",
    )

    def observe(self) -> list[Finding]:
        """`database` and `connections`. Bad where it does not answer, and above 95 % of its connections."""
        try:
            with self._looking() as connection:
                used, allowed = connection.execute(USED_AND_ALLOWED).fetchone() or (0, 0)
        except psycopg.Error as error:
            return _not_answering(error)
        return [_finding(DATABASE, Verdict.OK, "answers"), _connections(used, allowed)]

    def examine(self) -> list[Checkup]:
        """Whether it answers, its connections and counters, whether it takes writes, who holds it up, its disk."""
        url = self.url.get_secret_value()
        try:
            with self._looking() as connection:
                full = _connections(*(connection.execute(USED_AND_ALLOWED).fetchone() or (0, 0)))
                return [
                    well(DATABASE, DATABASE, f"{checkup.place(url)} answers", f"{checkup.OF_DATABASE} 1"),
                    checkup.connections(full.said, url, self.restart, full=full.bad),
                    *checkup.numbers(connection, url),
                ]
        except psycopg.Error as error:
            return [checkup.not_answering(symptom(error), url, self.restart)]

    def mend(self, remedy: str) -> str:
        """`restart database`, where `restart` says how; done when it answers. Raises CommandFailed, Unreachable."""
        if remedy != checkup.RESTART or not self.restart:
            return super().mend(remedy)
        Local().check(self.restart, timeout_s=RESTART_S)
        deadline = time.monotonic() + RESTART_S
        while (found := self.observe()[0]).bad:
            if time.monotonic() > deadline:
                place = checkup.place(self.url.get_secret_value())
                raise Unreachable(what_it_is="database", address=place, why=found.symptom)
            time.sleep(LOOK_AGAIN_S)
        return "restarted the database: it answers"

    def schema_version(self) -> str | None:
        """The newest by number, whether the column holds numbers or names that begin with one."""
        try:
            with self._looking() as connection:
                rows = connection.execute(self._version_query()).fetchall()
        except psycopg.Error:
            return None
        return max((str(row[0]) for row in rows if row[0]), key=by_number, default=None)

    def changes(self, application: str, backups: Path, bring: Bring = there_already) -> Changes:
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
            bring=bring,
        )

    def _version_query(self) -> bytes | sql.Composed:
        if self.migrations and self.migrations.version_query:
            return self.migrations.version_query.encode()
        table = sql.Identifier(*self.migrations_table.split("."))
        return sql.SQL("SELECT version::text FROM {}").format(table)

    def _looking(self) -> AbstractContextManager[psycopg.Connection[tuple[Any, ...]]]:
        return reading(self.url, self.timeout_s)


def _finding(name: str, verdict: Verdict, said: str, **more: Any) -> Finding:
    return Finding(name=name, on=DATABASE, verdict=verdict, said=said, **more)


def _not_answering(error: psycopg.Error) -> list[Finding]:
    why = symptom(error)
    return [
        _finding(DATABASE, Verdict.BAD, f"does not answer: {why}", symptom=why),
        _finding(CONNECTIONS, Verdict.NO_DATA, "the database does not answer"),
    ]


def _connections(used: int, allowed: int) -> Finding:
    share = 100 * used / allowed if allowed else 0.0
    said = f"{used} of {allowed} connections in use"
    measured: dict[str, Any] = {"value": share, "unit": "%"}
    if share > FULL_PERCENT:
        return _finding(CONNECTIONS, Verdict.BAD, said, symptom="connections nearly exhausted", **measured)
    return _finding(CONNECTIONS, Verdict.OK, said, **measured)
