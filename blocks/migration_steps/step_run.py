"""Running one step of SQL together with its record."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg.pq import TransactionStatus

from blocks.migration_steps.indexes import finished_already, invalid_indexes
from blocks.migration_steps.lock import settle
from blocks.migration_steps.mark import Mark, clear_mark, how_to_clear, write_mark
from blocks.migration_steps.record import Record
from blocks.migration_steps.script import Script, without_passwords
from blocks.migration_steps.statements import Statement
from blocks.postgres.server import Connection
from domain.database.migration import Step
from domain.errors import StepFailed


@dataclass(frozen=True)
class Work:
    """A step that is ready to run.

    Attributes:
        undoes: the versions it takes back; one, or all that a release brought.
        record: writes what is applied after it.
        begin: writes what is so while a step without a transaction runs, in records that can say so.
    """

    step: Step
    script: Script
    undoes: tuple[str, ...]
    record: Callable[[Connection], None]
    begin: Callable[[Connection], None] | None = None


@dataclass(frozen=True)
class StepRun:
    """How steps run in one database.

    Attributes:
        table: the record at the beginning.
        lock_timeout_s: how long a statement in a transaction waits for a lock; whoever wants the table waits behind it.
        standing: what is applied now, in a few words.
    """

    connection: Connection
    table: Record
    lock_timeout_s: float
    standing: Callable[[Connection], str]

    def run(self, work: Work, resume: Mark | None = None) -> None:
        """Do it, and its record with it. Raises StepFailed."""
        if work.script.transactional:
            self._whole(work)
        else:
            self._in_pieces(work, resume)
        settle(self.connection)

    def _whole(self, work: Work) -> None:
        """All or nothing."""
        at: Statement | None = None
        left = "nothing of it is left"
        try:
            self.connection.execute(work.script.opening.encode())
            self.connection.execute(f"SET LOCAL lock_timeout = {round(self.lock_timeout_s * 1000)}".encode())
            for at in work.script.body:
                self.connection.execute(at.text.encode())
            at = None
            self._record(work)
            left = "if the connection broke at its COMMIT, all of it or nothing is there"
            if self.connection.execute("COMMIT").statusmessage != "COMMIT":
                raise psycopg.errors.TransactionRollback("the server rolled it back")
        except psycopg.Error as error:
            sure = left if self.connection.broken else "nothing of it is left"
            raise self._failed(work, error, at, sure) from None

    def _record(self, work: Work) -> None:
        """As ourselves, whatever role the script took."""
        self.connection.execute("RESET SESSION AUTHORIZATION")
        self.connection.execute("RESET ROLE")
        work.record(self.connection)

    def _in_pieces(self, work: Work, resume: Mark | None) -> None:
        """Each statement for itself, marked before it begins. `resume`: go on at the statement that was interrupted."""
        broken = invalid_indexes(self.connection)
        first = resume.statement if resume else 1
        try:
            if work.begin and resume is None:
                with self.connection.transaction():
                    work.begin(self.connection)
            for place, statement in enumerate(work.script.statements[first - 1 :], first):
                self._piece(work, place, statement, broken, resumed=resume is not None and place == first)
            with self.connection.transaction():
                self._record(work)
                clear_mark(self.connection, self.table)
        except psycopg.Error as error:
            left = "its statements ran outside a transaction and stay, its record could not be written"
            raise self._failed(work, error, None, left) from None

    def _piece(
        self, work: Work, place: int, statement: Statement, broken: set[str], *, resumed: bool
    ) -> None:
        head = without_passwords(statement.head)
        count = len(work.script.statements)
        mark = Mark(work.step.version, work.step.direction, place, count, head, work.script.digest)
        try:
            if self.connection.info.transaction_status is TransactionStatus.IDLE:
                write_mark(self.connection, self.table, mark)
            if not (resumed and finished_already(self.connection, statement)):
                self.connection.execute(statement.text.encode())
        except psycopg.Error as error:
            why = _why(error, statement).strip()
            left = self._left_in_pieces(mark, why, broken)
            raise self._failed(work, error, statement, left) from None

    def _left_in_pieces(self, mark: Mark, why: str, broken: set[str]) -> str:
        """Marks it as failed, where the server still answers; says what is left."""
        failed = Mark(**{**mark.__dict__, "failed": why})
        done = f"{mark.statement - 1} of its {mark.of} statements ran outside a transaction and stay"
        try:
            self._roll_back()
            settle(self.connection)
            write_mark(self.connection, self.table, failed)
            left = sorted(invalid_indexes(self.connection) - broken)
        except psycopg.Error:
            return f"{done}; the server no longer answers"
        indexes = (
            f"; left INVALID: index {', '.join(left)} (drop it with DROP INDEX CONCURRENTLY)" if left else ""
        )
        return f"{done}{indexes}; it is marked dirty, clear it with `{how_to_clear(self.table)}`"

    def _failed(self, work: Work, error: psycopg.Error, at: Statement | None, left: str) -> StepFailed:
        with suppress(psycopg.Error):
            self._roll_back()
        return StepFailed(
            version=work.step.version,
            direction=work.step.direction,
            why=f"{work.script.source}{_why(error, at)}",
            left=f"{left}; {self._standing()}",
        )

    def _standing(self) -> str:
        try:
            settle(self.connection)
            return self.standing(self.connection)
        except psycopg.Error:
            return "the server no longer answers: look at what is applied when it does"

    def _roll_back(self) -> None:
        if self.connection.info.transaction_status is not TransactionStatus.IDLE:
            self.connection.execute("ROLLBACK")


def _why(error: psycopg.Error, at: Statement | None) -> str:
    """The server's words. Its detail can quote rows of users, and is shown only where it names objects."""
    said = error.diag.message_primary or " ".join(str(error).split()) or type(error).__name__
    named = isinstance(error, psycopg.errors.DependentObjectsStillExist) and error.diag.message_detail
    detail = f" ({' '.join(str(named).split())})" if named else ""
    place = f" line {at.line}: {without_passwords(at.head)}: " if at else " "
    return f"{place}{said}{detail}"
