"""A record and a folder of files together: what is applied, and the work to get elsewhere."""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Self

from blocks.migration_steps.files import Migration, MigrationFolder
from blocks.migration_steps.indexes import can_be_done_again
from blocks.migration_steps.mark import Mark, how_to_clear, read_mark
from blocks.migration_steps.record import NOTHING, Record, add_row, read_record, remove_rows, write_newest
from blocks.migration_steps.script import Script
from blocks.migration_steps.step_run import Work
from blocks.postgres.server import Connection
from domain.database.migration import Direction, SchemaStatus, Step
from domain.errors import NoDownStep, SchemaDirty, UnknownVersion


@dataclass(frozen=True)
class SchemaState:
    """One database at one moment.

    Attributes:
        mark: where a step without a transaction broke off; None where none did.
    """

    database: str
    folder: MigrationFolder
    record: Record
    mark: Mark | None

    @classmethod
    def read(cls, connection: Connection, table: str, folder: MigrationFolder) -> Self:
        """As it is now."""
        record = read_record(connection, table)
        mark = None if record.form == "none" else read_mark(connection, record)
        if mark and record.form == "one_row" and record.dirty is None:
            mark = None  # somebody put it right by golang-migrate's own `force`
        return cls(connection.info.dbname, folder, record, mark)

    @cached_property
    def applied(self) -> list[str]:
        """Versions, oldest first. A step that was interrupted and can go on has not been done."""
        if self.interrupted and self.record.form == "one_row":
            newest = self._before_interrupted(self.interrupted)
            return replace(self.record, written=(str(newest),)).applied(self.folder)
        return self.record.applied(self.folder)

    @cached_property
    def interrupted(self) -> Mark | None:
        """The mark of a step that was killed where it can go on: at one index, and its file is still the same."""
        if self.mark is None or self.mark.failed:
            return None
        migration = self.folder.find(self.mark.version)
        script = _script(migration, self.mark.direction) if migration else None
        if script is None or script.digest != self.mark.script:
            return None
        return self.mark if can_be_done_again(script.statements[self.mark.statement - 1]) else None

    def status(self) -> SchemaStatus:
        """For people and planners."""
        applied = set(self.applied)
        return SchemaStatus(
            applied=self.applied,
            pending=[
                step.version for step in self.folder.migrations if step.up and step.version not in applied
            ],
            dirty=self._dirty(),
            unknown=[version for version in self.applied if self.folder.find(version) is None],
        )

    def down(self, to: str | None, release: str | None) -> list[Work]:
        """Newest first. Raises UnknownVersion, NoDownStep, SchemaDirty."""
        self._refuse_dirty()
        undone = self._above(to)
        known = [self.folder.find(version) for version in undone]
        whole = self.folder.rollback(release)
        if whole and undone and not all(migration and migration.down for migration in known):
            return self._going_on([self._release_down(release or "", whole, undone)])
        works = [self._down(version, migration) for version, migration in zip(undone, known, strict=True)]
        return self._going_on(works)

    def up(self, to: str | None) -> list[Work]:
        """Oldest first. Raises UnknownVersion, SchemaDirty."""
        self._refuse_dirty()
        last = None if to is None else self.folder.find(to)
        if to is not None and last is None:
            known = [migration.version for migration in self.folder.migrations]
            raise UnknownVersion(version=to, known=known, where=str(self.folder.path))
        applied = set(self.applied)
        works = [
            self._up(migration, migration.up)
            for migration in self.folder.migrations
            if migration.version not in applied
            and migration.up
            and (last is None or migration.number <= last.number)
        ]
        return self._going_on(works)

    def _going_on(self, works: list[Work]) -> list[Work]:
        """The works, if an interrupted step is the first of them: nothing else may come before it."""
        mark = self.interrupted
        if mark and not (works and mark.is_of(works[0].step)):
            raise SchemaDirty(database=self.database, version=mark.version, how=self._how())
        return works

    def _above(self, to: str | None) -> list[str]:
        """The versions after `to`, newest first."""
        if to is None:
            return self.applied[::-1]
        known = self.folder.find(to)
        spelled = known.version if known else to
        if spelled not in self.applied:
            raise UnknownVersion(version=to, known=self.applied, where=f"database {self.database}")
        return self.applied[: self.applied.index(spelled) : -1]

    def _dirty(self) -> str | None:
        if self.interrupted:
            return None
        return self.mark.version if self.mark else self.record.dirty

    def _refuse_dirty(self) -> None:
        version = self._dirty()
        if version is not None:
            raise SchemaDirty(database=self.database, version=version, how=self._how())

    def _how(self) -> str:
        if self.mark is None:
            return (
                "golang-migrate went to it and broke off; either its up step did, or the down step of the one after it"
                " (see what is there, then `migrate force VERSION`)"
            )
        if self.record.form == "one_row":
            return f"{self.mark.story}; clear the mark with `migrate force VERSION`"
        return f"{self.mark.story}; clear the mark with `{how_to_clear(self.record)}`"

    def _down(self, version: str, migration: Migration | None) -> Work:
        if migration is None or migration.down is None:
            raise NoDownStep(version=version, looked=self._looked(version, migration))
        step = _step(migration, Direction.DOWN, migration.down)
        before = self._before(migration)
        return self._work(step, migration.down, (version,), before, mark_at=before)

    def _looked(self, version: str, migration: Migration | None) -> str:
        if migration is None:
            return f"{self.folder.path}, which has no file of {version}"
        file = f"{migration.stem}.sql" if migration.sections else f"{migration.stem}.down.sql"
        return str(self.folder.path / file)

    def _release_down(self, release: str, script: Script, undone: list[str]) -> Work:
        step = Step(
            version=undone[0],
            name=f"rollback_{release}",
            direction=Direction.DOWN,
            statements=script.shown,
            transactional=script.transactional,
            source=script.source,
        )
        oldest = self.folder.find(undone[-1])
        before = self._before(oldest) if oldest else NOTHING
        return self._work(step, script, tuple(undone), before, mark_at=before)

    def _up(self, migration: Migration, script: Script) -> Work:
        step = _step(migration, Direction.UP, script)
        if self.record.form == "one_row":
            return self._work(step, script, (), migration.number, mark_at=migration.number)
        add = partial(add_row, record=self.record, migration=migration, folder=self.folder)
        return Work(step, script, (), add)

    def _work(
        self, step: Step, script: Script, undoes: tuple[str, ...], newest: int, *, mark_at: int
    ) -> Work:
        if self.record.form == "one_row":
            write = partial(write_newest, record=self.record, version=newest, dirty=False)
            begin = partial(write_newest, record=self.record, version=mark_at, dirty=True)
            return Work(step, script, undoes, write, begin)
        written = [raw for raw in self.record.written if self._spelled(raw) in undoes]
        return Work(step, script, undoes, partial(remove_rows, record=self.record, written=written))

    def _spelled(self, raw: str) -> str:
        known = self.folder.find(raw)
        return known.version if known else raw

    def _before_interrupted(self, mark: Mark) -> int:
        migration = self.folder.find(mark.version)
        if migration is None or mark.direction == Direction.DOWN:
            return int(mark.version)
        return self._before(migration)

    def _before(self, migration: Migration) -> int:
        """The number before this one, as golang-migrate goes down."""
        older = [step.number for step in self.folder.migrations if step.number < migration.number]
        return max(older, default=NOTHING)


def _script(migration: Migration, direction: str) -> Script | None:
    return migration.down if direction == Direction.DOWN else migration.up


def _step(migration: Migration, direction: Direction, script: Script) -> Step:
    return Step(
        version=migration.version,
        name=migration.name,
        direction=direction,
        statements=script.shown,
        transactional=script.transactional,
        source=script.source,
    )
