"""Going up and down with another team's tool, and seeing after each command that it did what it said."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from blocks.migration_steps.child import Ended
from blocks.migration_steps.tool import StatusPatterns, Tool
from blocks.placeholders import placeholders
from blocks.postgres.server import Connection, Server
from domain.database.migration import Direction, SchemaStatus, Step, by_number
from domain.errors import (
    BackoutError,
    CommandFailed,
    ConfigurationError,
    NoDownStep,
    SchemaDirty,
    StepFailed,
    UnknownVersion,
)


@dataclass(frozen=True)
class Commands:
    """The tool's commands, and how its status is read. `nothing`: the version of an empty schema."""

    status: list[str] | None
    down: list[str] | None
    up: list[str] | None
    patterns: StatusPatterns
    query: str | None
    codes: Sequence[int]
    nothing: str


@dataclass(frozen=True)
class ToolRun:
    """A tool at one database. `holder`: the connection that holds the lock; None for looking."""

    tool: Tool
    commands: Commands
    server: Server
    database: str
    holder: Connection | None

    def status(self) -> SchemaStatus:
        """What is applied. Raises CommandFailed: the status command failed, or printed nothing that was understood."""
        found = SchemaStatus()
        if self.commands.status:
            found = self._understood(self._ended(self.commands.status))
        if self.commands.query:
            found = found.model_copy(update={"applied": self._queried(self.commands.query)})
        return found

    def clean_status(self) -> SchemaStatus:
        """The same; raises SchemaDirty."""
        status = self.status()
        if status.dirty is not None:
            how = f"{self.tool.shown(self.commands.status or [])} says so"
            raise SchemaDirty(database=self.database, version=status.dirty, how=how)
        return status

    def downs(self, status: SchemaStatus, to: str | None) -> list[Step]:
        """Newest first. Raises UnknownVersion, NoDownStep."""
        if to is not None and to not in status.applied:
            raise UnknownVersion(version=to, known=status.applied, where=f"database {self.database}")
        kept = 0 if to is None else status.applied.index(to) + 1
        undone = status.applied[: kept - 1 if kept else None : -1]
        if undone and self.commands.down is None:
            raise NoDownStep(version=undone[0], looked="backout.yaml: migrations.down_command is not set")
        source = self.tool.shown(self._filled(self.commands.down or [], to))
        return [_step(version, Direction.DOWN, source) for version in undone]

    def down(self, to: str | None, on_step: Callable[[Step], None] | None) -> list[str]:
        """Command by command; a step is done when the status says so. Raises StepFailed."""
        before = self.clean_status()
        steps = self.downs(before, to)
        applied = set(before.applied)
        for group in self._groups(steps):
            gone = {step.version for step in group}
            ended = self.tool.run(self._filled(self.commands.down or [], to), self.database, self.holder)
            applied_now = set(self._after(ended, group[0]).applied)
            undone = [step for step in group if step.version not in applied_now]
            for step in undone:
                if on_step:
                    on_step(step)
            left = [step for step in group if step.version in applied_now]
            self._refuse(ended, (left or group)[0], as_asked=applied_now == applied - gone)
            applied = applied_now
        return [step.version for step in steps]

    def up(self, to: str | None) -> list[str]:
        """In one command. Raises StepFailed, UnknownVersion, ConfigurationError."""
        before = self.clean_status()
        wanted = self._pending(before, to)
        if not wanted and (to is not None or self.commands.patterns.pending):
            return []
        target = wanted[-1] if wanted else None
        command = self._filled(self._up_command(before, target), target)
        step = _step(target or "pending", Direction.UP, self.tool.shown(command))
        expected = {*before.applied, *wanted} if wanted else None
        ended = self.tool.run(command, self.database, self.holder)
        applied = set(self._after(ended, step).applied)
        self._refuse(ended, step, as_asked=expected is None or applied == expected)
        return sorted(applied - set(before.applied), key=by_number)

    def refuse_a_tool_that_would_go_elsewhere(self) -> None:
        """At a clone: a tool whose address is not the one we give it would change the live database instead."""
        if self.database == self.server.database:
            return
        if self.tool.variable is None or self.commands.status is None:
            raise _wrong("status_command", "is needed, with url_variable, to work on a clone")
        nowhere = self.tool.run(self.commands.status, self.server.sibling("nowhere"))
        if nowhere.code == 0 or (nowhere.code in self.commands.codes and self._same(nowhere)):
            said = (
                f"takes its address not from {self.tool.variable}: it works without the database named there"
            )
            raise _wrong("status_command", said)

    def _same(self, nowhere: Ended) -> bool:
        """Whether it says of a database that is not there what it says of ours; times and counts aside."""
        here = self.tool.run(self.commands.status or [], self.database)
        return re.sub(r"[\d.]+", "", here.output) == re.sub(r"[\d.]+", "", nowhere.output)

    def _groups(self, steps: list[Step]) -> list[list[Step]]:
        """What one command undoes."""
        if "version" in placeholders(self.commands.down):
            return [steps] if steps else []
        return [[step] for step in steps]

    def _pending(self, before: SchemaStatus, to: str | None) -> list[str]:
        if to is None:
            return before.pending
        if to in before.applied:
            return []
        if to not in before.pending:
            known = [*before.applied, *before.pending]
            raise UnknownVersion(version=to, known=known, where=f"database {self.database}")
        return before.pending[: before.pending.index(to) + 1]

    def _up_command(self, before: SchemaStatus, target: str | None) -> list[str]:
        if self.commands.up is None:
            raise _wrong("up_command", "is not set")
        chooses = "version" in placeholders(self.commands.up)
        if chooses and target is None:
            raise _wrong("pending_pattern", "is needed, since up_command wants a {version}")
        if not chooses and target is not None and target != before.pending[-1]:
            raise _wrong("up_command", f"has no {{version}}, and would not stop at {target}")
        return self.commands.up

    def _after(self, ended: Ended, step: Step) -> SchemaStatus:
        """The status after a command. Raises StepFailed where it cannot be read."""
        try:
            return self.status()
        except BackoutError as error:
            left = f"what is applied cannot be read: {error.what()}"
            raise StepFailed(step.version, step.direction, self._how(step, ended), left) from None

    def _refuse(self, ended: Ended, step: Step, *, as_asked: bool) -> None:
        """Raise StepFailed unless the command ended well and did what it was asked."""
        if ended.code == 0 and as_asked:
            return
        applied = self.status().applied
        left = f"applied now: {', '.join(applied) or 'nothing'}"
        raise StepFailed(step.version, step.direction, self._how(step, ended), left)

    def _how(self, step: Step, ended: Ended) -> str:
        how = "ended with 0, and did something else than asked" if ended.code == 0 else None
        return f"{step.source} {how or ended.how(self.tool.timeout_s)}"

    def _ended(self, command: list[str]) -> Ended:
        filled = self._filled(command, None)
        ended = self.tool.run(filled, self.database)
        if ended.code not in self.commands.codes:
            raise CommandFailed(self.tool.shown(filled).split(), ended.code, ended.last_words)
        return ended

    def _understood(self, ended: Ended) -> SchemaStatus:
        patterns = self.commands.patterns
        found = patterns.read(ended.output)
        if patterns.applied and patterns.pending and not (found.applied or found.pending or found.dirty):
            said = f"neither applied_pattern nor pending_pattern is in: {ended.last_words}"
            raise CommandFailed(self.tool.shown(self.commands.status or []).split(), ended.code, said)
        return found

    def _queried(self, query: str) -> list[str]:
        """In a read-only transaction. A table that is not there yet holds nothing."""
        with self.server.connected(self.database, autocommit=False) as connection:
            connection.read_only = True
            try:
                rows: list[Any] = connection.execute(query.encode()).fetchall()
            except psycopg.errors.UndefinedTable:
                connection.rollback()
                return []
            except psycopg.Error as error:
                raise _wrong("applied_query", f"fails: {error.diag.message_primary or error}") from None
        return sorted((str(row[0]) for row in rows), key=by_number)

    def _filled(self, command: list[str], version: str | None) -> list[str]:
        """Only our own words; any other in braces is the tool's."""
        values = {"{version}": version or self.commands.nothing, "{database}": self.database}
        filled = []
        for part in command:
            for word, value in values.items():
                part = part.replace(word, value)  # noqa: PLW2901 - one word after the other
            filled.append(part)
        return filled


def _step(version: str, direction: Direction, source: str) -> Step:
    return Step(version=version, direction=direction, transactional=False, source=source)


def _wrong(key: str, problem: str) -> ConfigurationError:
    return ConfigurationError("backout.yaml", f"migrations.{key}", problem)
