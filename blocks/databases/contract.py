"""What every database promises. Its shared suite: `tests/blocks/databases/contract.py`."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from blocks.adapter import Adapter
from domain.database.backup import Backup
from domain.database.migration import SchemaStatus
from domain.database.progress import Progress
from domain.database.rehearsal import Rehearsal, RowsAtRisk
from domain.database.schema import Schema
from domain.database.study import Beside
from domain.database.swap import Swapped, Written
from domain.errors import BackoutError, DatabaseUnreachable
from domain.findings import Finding
from domain.rollout import Upward

Bring = Callable[[str], None]
"""Has the files of a release on the host: its migration steps are among them."""

OnProgress = Callable[[Progress], None]
"""Is told how far a long act has come."""


def untold(_progress: Progress) -> None:
    """For who does not want to know."""


def there_already(_release: str) -> None:
    """For platforms whose releases lie on the host before anybody asks."""


class Changes(ABC):
    """What can be done to one application's database. Each looks first, and is a no-op where it is done.

    All of them raise DatabaseUnreachable, and ProgramUnfit where a program of the database's is missing or too old.
    """

    @abstractmethod
    def status(self, release: str | None = None) -> SchemaStatus:
        """What is applied, and what `release` would still apply."""

    def version(self, release: str | None = None) -> str | None:
        """The schema's, for what is only named by it; None where the migration tool cannot tell. Raises DatabaseUnreachable."""
        try:
            return self.status(release).version
        except DatabaseUnreachable:
            raise
        except BackoutError:
            return None

    @abstractmethod
    def schema(self) -> Schema:
        """The schema as it is now."""

    @abstractmethod
    def look(self) -> list[Finding]:
        """Sessions, long transactions and waiting locks, and the application's own smoke queries."""

    @abstractmethod
    def rows(self) -> dict[str, int]:
        """`schema.table` -> exact number of rows."""

    @abstractmethod
    def rehearse(
        self,
        to: str | None,
        recorded: Schema | None,
        release: str | None = None,
        progress: OnProgress = untold,
    ) -> Rehearsal:
        """Run the down steps to `to` on a clone, and drop it. Raises NoDownStep, SchemaDirty."""

    @abstractmethod
    def rehearse_up(self, release: str | None = None, progress: OnProgress = untold) -> Upward:
        """Apply what `release` brings on a clone, undo it again, and drop the clone. Raises SchemaDirty, NotRehearsed."""

    @abstractmethod
    def down(self, to: str | None, release: str | None = None) -> list[str]:
        """Run the down steps to `to`; the versions undone. Raises NoDownStep, SchemaDirty, StepFailed, MigrationRunning."""

    @abstractmethod
    def up(self, to: str | None = None, release: str | None = None) -> list[str]:
        """Run the up steps to `to`, by default all; the versions applied. Raises as `down`."""

    @abstractmethod
    def backups(self) -> list[Backup]:
        """Newest first, those of others and broken ones among them."""

    @abstractmethod
    def back_up(self, label: str, release: str | None = None, progress: OnProgress = untold) -> Backup:
        """Take a backup, verify it, and drop what retention no longer keeps. Raises BackupFailed, BackupUnusable."""

    @abstractmethod
    def verify(self, backup: Backup) -> Backup:
        """The backup with all that is wrong with it."""

    @abstractmethod
    def name_beside(self) -> str:
        """A name for a database beside that nobody has."""

    @abstractmethod
    def beside(self, backup: Backup, progress: OnProgress = untold, *, into: str | None = None) -> Beside:
        """Restore into a new database beside, verify it, and count what it does not hold. Raises RestoreFailed.

        One that this backup was restored into before is taken in its place; only that of the name `into`, where it is given.
        """

    @abstractmethod
    def missing_in(self, database: str) -> list[RowsAtRisk]:
        """What the database in use holds, and this one beside or kept does not hold in the same form."""

    @abstractmethod
    def swap(self, beside: str) -> Swapped:
        """Put the database beside in the place of the one in use, which is kept. Raises ConnectionsRemain."""

    @abstractmethod
    def swap_back(self, kept: str) -> Swapped:
        """Put a kept database back in its place. Raises ConnectionsRemain."""

    @abstractmethod
    def swapped(self, beside: str) -> Swapped | None:
        """What the swap with this database did; None where it is still to be done, or is not known. Changes nothing."""

    @abstractmethod
    def discard(self, beside: str) -> bool:
        """Drop a database beside that will not be swapped in; False where it is none, or no longer. Raises ConnectionsRemain."""

    @abstractmethod
    def stopped_writes(self) -> AbstractContextManager[None]:
        """Nobody but `down` and `up` writes inside. What a process that was killed in here left, the next one undoes."""

    @abstractmethod
    def left(self) -> list[str]:
        """Wait until nobody is connected any more, as long as sessions have to leave before a swap; who still is."""

    @abstractmethod
    def kept(self) -> list[str]:
        """The databases that swaps kept, newest first."""

    @abstractmethod
    def export(self, kept: str, folder: Path) -> list[Written]:
        """Export the rows that the kept database holds and the one in use does not. Raises ExportFailed."""

    @abstractmethod
    def tidy(self) -> list[str]:
        """Finish or drop what a killed run of ours left: clones, half-made copies, closed doors; their names."""


class Database(Adapter):
    """What the releases share."""

    family: ClassVar[str] = "databases"
    stop_application: bool = Field(
        default=False,
        description="Stop the application while its database is changed, and start it as it was: on platforms that can"
        " (`kubernetes`, `kubernetes_blue_green`), what `kubectl scale --replicas=0` does.",
    )

    @abstractmethod
    def observe(self) -> list[Finding]:
        """Whether it answers, and how many connections it has. An unreachable database is a bad finding, not an error."""

    @abstractmethod
    def schema_version(self) -> str | None:
        """The newest applied migration; None where it does not answer or keeps no record."""

    @abstractmethod
    def changes(self, application: str, backups: Path, bring: Bring = there_already) -> Changes:
        """What can be done to it.

        Args:
            backups: where they go unless the configuration says otherwise.
            bring: called before the steps of a release are looked for, where they are looked for in its own files.
        """
