"""What can be done to an application's PostgreSQL database: each act in its own file, put together here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from blocks.databases.contract import Bring, Changes, OnProgress, there_already, untold
from blocks.migrations.contract import Migrations
from blocks.postgres import backups as kept_backups
from blocks.postgres import beside as besides
from blocks.postgres import marks
from blocks.postgres import swap as swaps
from blocks.postgres.catalog import row_counts, schema_of
from blocks.postgres.clone import sweep
from blocks.postgres.dump import back_up
from blocks.postgres.looks import looked_at
from blocks.postgres.maintenance import exists, maintenance
from blocks.postgres.programs import Programs
from blocks.postgres.rehearse import rehearse
from blocks.postgres.rehearse_up import rehearse_up
from blocks.postgres.restore import restore
from blocks.postgres.server import Server
from blocks.postgres.sessions import staying
from blocks.postgres.writes import open_again, stopped_writes
from blocks.postgres.written_since import count, export
from domain.database.backup import Backup
from domain.database.migration import SchemaStatus
from domain.database.rehearsal import Rehearsal, RowsAtRisk
from domain.database.retention import Retention
from domain.database.schema import Schema
from domain.database.study import Beside
from domain.database.swap import Swapped, Written
from domain.errors import ConfigurationError, DatabaseUnreachable, EvidenceNotKept, ExportFailed
from domain.findings import Finding
from domain.rollout import Upward


@dataclass(frozen=True)
class PostgresChanges(Changes):
    """One application's database on a PostgreSQL server.

    Attributes:
        folder: where its backups lie.
        smoke: queries that must each give a row, on what was restored as on what serves.
        drain_s: seconds that sessions have to leave before a swap.
    """

    application: str
    server: Server
    programs: Programs
    folder: Path
    retention: Retention
    jobs: int
    drain_s: float
    smoke: Sequence[str] = ()
    migrations: Migrations | None = None
    bring: Bring = there_already

    def status(self, release: str | None = None) -> SchemaStatus:
        """As the migrations' record says; empty where none are configured."""
        if self.migrations is None:
            return SchemaStatus()
        with self._reached():
            return self._of(release).status(self.server, release=release)

    def schema(self) -> Schema:
        """The schema as it is now."""
        with self._reached(), self.server.connected() as connection:
            return schema_of(connection)

    def look(self) -> list[Finding]:
        """Sessions, waiting locks, smoke queries."""
        with self._reached():
            return looked_at(self.server, self.smoke)

    def rows(self) -> dict[str, int]:
        """Exact counts."""
        with self._reached(), self.server.connected() as connection:
            return row_counts(connection)

    def rehearse(
        self,
        to: str | None,
        recorded: Schema | None,
        release: str | None = None,
        progress: OnProgress = untold,
    ) -> Rehearsal:
        """On a clone in the same server; also while writes are stopped, since a tool may write where it only looks."""
        with self._reached():
            return rehearse(
                self._writing(), self._of(release), self.programs, to=to, recorded=recorded, release=release,
                progress=progress,
            )  # fmt: skip

    def rehearse_up(self, release: str | None = None, progress: OnProgress = untold) -> Upward:
        """On a clone in the same server."""
        if self.migrations is None:
            return Upward()
        with self._reached():
            return rehearse_up(
                self.server, self._of(release), self.programs, release=release, progress=progress
            )

    def down(self, to: str | None, release: str | None = None) -> list[str]:
        """By the migrations' own adapter."""
        with self._reached():
            return self._of(release).down(self._writing(), to, release=release)

    def up(self, to: str | None = None, release: str | None = None) -> list[str]:
        """By the migrations' own adapter."""
        with self._reached():
            return self._of(release).up(self._writing(), to, release=release)

    def backups(self) -> list[Backup]:
        """What lies in the folder."""
        return kept_backups.listed(self.folder)

    def back_up(self, label: str, release: str | None = None, progress: OnProgress = untold) -> Backup:
        """`pg_dump`, then a look at what it wrote. A migration tool that does not answer stops no backup."""
        with self._reached():
            made = back_up(
                self.server, self.programs, self.folder, application=self.application, label=label,
                release=release, schema_version=self.version(release), jobs=self.jobs, progress=progress,
            )  # fmt: skip
        backup = self.verify(next(row for row in self.backups() if row.name == made.name))
        kept_backups.prune(self.folder, self.retention, keep=[made.name])
        return backup

    def verify(self, backup: Backup) -> Backup:
        """Every file read whole, and its table of contents."""
        return kept_backups.verify(backup, self.programs)

    def name_beside(self) -> str:
        """One with the time."""
        with self._reached(), maintenance(self.server) as connection:
            return besides.free_name(connection, self.server)

    def beside(self, backup: Backup, progress: OnProgress = untold, *, into: str | None = None) -> Beside:
        """Restore, verify, and count what the live database holds beyond it."""
        with self._reached():
            restored = restore(
                self.server, self.programs, backup, into=into, jobs=self.jobs, smoke=self.smoke, progress=progress
            )  # fmt: skip
        return Beside(
            backup=backup.name,
            database=restored.database,
            verified=restored.verified,
            rows=restored.counts,
            missing=self.missing_in(restored.database),
        )

    def missing_in(self, database: str) -> list[RowsAtRisk]:
        """By comparing both, table by table."""
        with self._reached():
            found = [_at_risk(row) for row in count(self.server, self.server.database, database)]
        return [row for row in found if row.rows]

    def swap(self, beside: str) -> Swapped:
        """One transaction of two renames."""
        with self._reached():
            return swaps.swap(self.server, beside, drain_s=self.drain_s)

    def swap_back(self, kept: str) -> Swapped:
        """The same the other way."""
        with self._reached():
            return swaps.swap_back(self.server, kept, drain_s=self.drain_s)

    def swapped(self, beside: str) -> Swapped | None:
        """By the marks that swaps leave."""
        with self._reached(), maintenance(self.server) as connection:
            if exists(connection, beside):
                return None
            found = marks.ours(connection, self.server.database)
        names = [name for name, mark in found.items() if mark.replaced_by == beside]
        kept = [name for name in names if name != self.server.database]
        return Swapped(kept=kept[0] if kept else "", changed=False) if names else None

    def discard(self, beside: str) -> bool:
        """Only what its mark calls finished, and not swapped in."""
        with self._reached():
            return besides.discard(self.server, beside)

    @contextmanager
    def stopped_writes(self) -> Iterator[None]:
        """New sessions are read-only by default, and those that are there are ended; twice, to be opened again."""
        with self._reached(), stopped_writes(self.server, self.server.database, "read_only"):
            yield

    def left(self) -> list[str]:
        """Sessions of others."""
        with self._reached():
            return [str(session) for session in staying(self.server, self.drain_s)]

    def kept(self) -> list[str]:
        """By the marks that swaps leave."""
        with self._reached():
            return swaps.kept(self.server)

    def export(self, kept: str, folder: Path) -> list[Written]:
        """CSV files and an index."""
        try:
            return export(self.server, kept, self.server.database, folder)
        except EvidenceNotKept as error:
            raise ExportFailed(database=kept, folder=str(folder), why=error.why) from error

    def tidy(self) -> list[str]:
        """Doors that a killed swap left closed are opened; clones and half-made restores of killed runs dropped."""
        with self._reached():
            return [*open_again(self.server), *besides.sweep(self.server), *sweep(self.server)]

    def _writing(self) -> Server:
        """The server, for who goes on writing while writes are stopped."""
        with maintenance(self.server) as connection:
            stopped = "read_only" in marks.read(connection, self.server.database).was
        return self.server.writing() if stopped else self.server

    def _of(self, release: str | None) -> Migrations:
        """The migrations; where they run from a release's own image, with that on this host."""
        if self.migrations is None:
            problem = "is missing: how is the schema migrated?"
            raise ConfigurationError(file=self.application, key="database.migrations", problem=problem)
        if release is not None and self.migrations.of_release:
            self.bring(release)
        return self.migrations

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """A connection that breaks in the middle is told as one that could not be made."""
        try:
            yield
        except psycopg.OperationalError as error:
            if not _is_lost(error):
                raise
            said = " ".join(str(error).split())
            raise DatabaseUnreachable(what_it_is="database", address=self.server.place, why=said) from error


def _is_lost(error: psycopg.OperationalError) -> bool:
    """Classes 08 and 57P are the connection's and the operator's (PostgreSQL manual, appendix A); a broken line has none."""
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def _at_risk(row: Written) -> RowsAtRisk:
    """What a restore takes out of the live table; the rows that it brings back are no loss."""
    parts = ((row.inserted, "written since"), (row.changed, "changed since"))
    what = ", ".join(f"{count} {word}" for count, word in parts if count)
    return RowsAtRisk(table=row.table, what=what, rows=row.inserted + row.changed)
