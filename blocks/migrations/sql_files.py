"""`sql_files`: numbered SQL files, and the table that says which are applied."""

from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from blocks.fields import AbsolutePath
from blocks.migration_steps.files import MigrationFolder, read_folder
from blocks.migration_steps.lock import hold, only_migration
from blocks.migration_steps.record import create_record, golang_key, read_record
from blocks.migration_steps.schema_state import SchemaState
from blocks.migration_steps.step_run import StepRun, Work
from blocks.migrations.contract import Migrations, OnStep, with_release
from blocks.postgres.server import Connection, Server
from domain.database.migration import SchemaStatus, Step


class SqlFiles(Migrations):
    """Numbered SQL files, in the layouts of golang-migrate, dbmate and NotesHub.

    `003_add_phone.up.sql` with `003_add_phone.down.sql`; `003_add_phone.sql` alone, up only, or with dbmate's
    `-- migrate:up` and `-- migrate:down`; numbers or timestamps. `rollback_<release>.sql` undoes all that the release
    brought, where a migration has no down step of its own.

    A file runs in one transaction with its record. A comment `-- backout: no-transaction` at its beginning, dbmate's
    `transaction:false`, or a statement that PostgreSQL refuses inside one, makes it run statement by statement.
    """

    kind: Literal["sql_files"] = "sql_files"
    folder: AbsolutePath = Field(
        description="The files' folder; `{release}` in it is the release that brought them."
    )
    table: str = Field(
        default="schema_migrations",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$",
        description="The record, `table` or `schema.table`; it keeps the form in which it is found.",
    )
    new_record: Literal["rows", "one_row"] = Field(
        default="rows",
        description="Form of a record that is made: a row a migration, or golang-migrate's one row.",
    )
    lock_timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="Seconds that a statement waits for a lock: as long, others wait behind it.",
    )

    def status(
        self, server: Server, database: str | None = None, *, release: str | None = None
    ) -> SchemaStatus:
        """What is applied; dirty where golang-migrate, or a step of ours without a transaction, broke off."""
        folder = self._folder(release)
        with server.connected(database) as connection:
            return self._state(connection, folder).status()

    def plan_down(
        self, server: Server, to: str | None, database: str | None = None, release: str | None = None
    ) -> list[Step]:
        """The steps with their SQL."""
        folder = self._folder(release)
        with server.connected(database) as connection:
            works = self._state(connection, folder).down(to, release)
        return [work.step for work in works]

    def down(
        self,
        server: Server,
        to: str | None,
        database: str | None = None,
        release: str | None = None,
        on_step: OnStep | None = None,
    ) -> list[str]:
        """Each file in one transaction with its record, unless it says otherwise."""
        folder = self._folder(release)
        undone: list[str] = []
        with only_migration(server, database) as connection:
            state = self._held(connection, folder)
            for work in state.down(to, release):
                self._run(connection, folder, work)
                undone += work.undoes
                if on_step:
                    on_step(work.step)
        return undone

    def up(
        self, server: Server, to: str | None = None, database: str | None = None, release: str | None = None
    ) -> list[str]:
        """The pending files by their numbers, also those older than the newest applied one."""
        folder = self._folder(release)
        with only_migration(server, database) as connection:
            state = self._held(connection, folder)
            works = state.up(to)
            if works and state.record.form == "none":
                create_record(connection, self.table, self.new_record)
                works = self._state(connection, folder).up(to)
            for work in works:
                self._run(connection, folder, work)
        return [work.step.version for work in works]

    def _folder(self, release: str | None) -> MigrationFolder:
        return read_folder(Path(with_release(str(self.folder), release, "folder")))

    def _state(self, connection: Connection, folder: MigrationFolder) -> SchemaState:
        return SchemaState.read(connection, self.table, folder)

    def _held(self, connection: Connection, folder: MigrationFolder) -> SchemaState:
        """The state, with golang-migrate's own lock where the record is its."""
        record = read_record(connection, self.table)
        if record.form == "one_row":
            hold(connection, golang_key(connection, record))
        return self._state(connection, folder)

    def _run(self, connection: Connection, folder: MigrationFolder, work: Work) -> None:
        """With the record as the step before left it."""
        state = self._state(connection, folder)
        standing = partial(self._standing, folder=folder)
        run = StepRun(connection, state.record, self.lock_timeout_s, standing)
        run.run(work, state.interrupted)

    def _standing(self, connection: Connection, folder: MigrationFolder) -> str:
        applied = self._state(connection, folder).applied
        return f"applied now: {', '.join(applied) or 'nothing'}"
