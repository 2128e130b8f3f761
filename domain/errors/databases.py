"""What can stop an act on the application's database. None of these leaves it changed, unless its text says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.errors.base import BackoutError
from domain.errors.machines import Unreachable


@dataclass(eq=False)
class DatabaseUnreachable(Unreachable):
    """The application's database server does not answer, or does not let us in."""

    def next_step(self) -> str:
        return "see that the server runs, and that `url` and `owner_url` in backout.yaml hold its address and password"


@dataclass(eq=False)
class ProgramUnfit(BackoutError):
    """A program of PostgreSQL is missing, or older than the server.

    Attributes:
        program: `pg_dump`, `pg_restore` ...
        found: where and in which version; empty where it is missing.
        needs: the least version that can do it.
    """

    exit_code: ClassVar[int] = 2
    program: str
    found: str
    needs: str

    def what(self) -> str:
        seen = f"{self.found} is too old" if self.found else "was not found"
        return f"{self.program} {seen}; the server needs {self.needs}"

    def next_step(self) -> str:
        return "install PostgreSQL's client programs in that version, or name them under database.programs"


@dataclass(eq=False)
class BackupFailed(BackoutError):
    """No backup was made; what was written of it is not taken for one."""

    database: str
    why: str

    def what(self) -> str:
        return f"database {self.database} was not backed up: {self.why}; nothing was changed"

    def next_step(self) -> str:
        return "free space, or correct what it says, then `backout db backup APP`"


@dataclass(eq=False)
class BackupUnusable(BackoutError):
    """A backup is not what its manifest says, or cannot be read at all."""

    backup: str
    problems: Sequence[str]

    def what(self) -> str:
        return f"backup {self.backup} cannot be used: {'; '.join(self.problems)}"

    def next_step(self) -> str:
        return "choose another one from `backout db list APP`"


@dataclass(eq=False)
class RestoreFailed(BackoutError):
    """The new database beside the old one was not made, or is not what it should be. The old one is untouched."""

    backup: str
    into: str
    problems: Sequence[str]

    def what(self) -> str:
        return f"backup {self.backup} did not restore into {self.into}: {'; '.join(self.problems)}; the database in use is untouched"

    def next_step(self) -> str:
        return "choose another backup from `backout db list APP`, or look at what it says"


@dataclass(eq=False)
class ConnectionsRemain(BackoutError):
    """Sessions did not leave the database within the time they had; it was opened again, and is as it was."""

    retryable: ClassVar[bool] = True
    database: str
    sessions: Sequence[str]

    def what(self) -> str:
        return f"database {self.database} is still in use by {', '.join(self.sessions)}; it is open again and unchanged"

    def next_step(self) -> str:
        return "stop these clients, or let the owner's role end them (pg_signal_backend), then start again"


@dataclass(eq=False)
class SwapRefused(BackoutError):
    """Two databases cannot change names as things are; neither was touched."""

    database: str
    why: Sequence[str]

    def what(self) -> str:
        return f"database {self.database} cannot be swapped: {'; '.join(self.why)}; nothing was changed"

    def next_step(self) -> str:
        return "see to what it says, then start again"


@dataclass(eq=False)
class SchemaDirty(BackoutError):
    """A migration broke off half-way, and its record says so."""

    database: str
    version: str
    how: str

    def what(self) -> str:
        return f"database {self.database}: migration {self.version} is marked dirty: {self.how}"

    def next_step(self) -> str:
        return "look at what it left behind, repair it by hand, and clear the mark with the tool that set it"


@dataclass(eq=False)
class MigrationRunning(BackoutError):
    """Another migration holds the database's migration lock."""

    retryable: ClassVar[bool] = True
    database: str
    holder: str

    def what(self) -> str:
        return f"database {self.database}: a migration is running ({self.holder}); nothing was changed"

    def next_step(self) -> str:
        return "wait for it, or end it, then start again"


@dataclass(eq=False)
class NoDownStep(BackoutError):
    """There is no way down from a version."""

    version: str
    looked: str

    def what(self) -> str:
        return f"migration {self.version} has no down step in {self.looked}"

    def next_step(self) -> str:
        return "write one and rehearse it (`backout db rehearse APP`), or restore a backup"


@dataclass(eq=False)
class UnknownVersion(BackoutError):
    """A schema's version that is not there to go to.

    Attributes:
        where: what was searched: the database, for a version that must be applied; else the migrations' folder.
    """

    exit_code: ClassVar[int] = 2
    version: str
    known: Sequence[str]
    where: str

    def what(self) -> str:
        return (
            f"version {self.version} is not one of {self.where} ({', '.join(self.known) or 'there is none'})"
        )

    def next_step(self) -> str:
        return "choose one of these; `backout db status APP` shows them"


@dataclass(eq=False)
class StepFailed(BackoutError):
    """A migration's step failed. Where it ran in a transaction, nothing of it is left.

    Attributes:
        left: what is applied now, in one line.
    """

    version: str
    direction: str
    why: str
    left: str

    def what(self) -> str:
        return f"migration {self.version} {self.direction}: {self.why}; {self.left}"

    def next_step(self) -> str:
        return "read the statement it names; `backout db status APP` shows what is applied"


@dataclass(eq=False)
class ExportFailed(BackoutError):
    """Rows that only the database swapped out holds were not written to files; they are still in it."""

    database: str
    folder: str
    why: str

    def what(self) -> str:
        return f"rows that only {self.database} holds were not exported to {self.folder}: {self.why}; they are still in it"

    def next_step(self) -> str:
        return f"keep database {self.database}: read the rows there, or swap it back with `backout db swap-back APP`"


@dataclass(eq=False)
class DataLossNotAccepted(BackoutError):
    """A step would lose rows that nobody agreed to lose."""

    rows: int
    accepted: int
    what_is_lost: Sequence[str]

    def what(self) -> str:
        return (
            f"{self.rows} rows would be lost ({'; '.join(self.what_is_lost)}), {self.accepted} are accepted"
        )

    def next_step(self) -> str:
        return f"start again with --accept-data-loss {self.rows} if you mean it"


@dataclass(eq=False)
class NotRehearsed(BackoutError):
    """No rehearsal was possible: there was no clone to hold it on. The application's database is as it was."""

    database: str
    why: str

    def what(self) -> str:
        return f"no step was rehearsed on a clone of database {self.database}: {self.why}; it is unchanged"

    def next_step(self) -> str:
        return "correct what it says (the owner's role needs CREATEDB, the disk room for a copy), then start again"
