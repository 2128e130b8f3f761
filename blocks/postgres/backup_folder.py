"""The folder that backups lie in: one appears in it whole, or not at all."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from blocks.files import locked, sync_folder

PRIVATE = 0o700
TURN = ".turn"
TURN_S = 30.0
PARTIAL = ".partial-"
LOCK = ".lock-"
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Claim:
    """A backup that is being made, and whose name nobody else gets.

    Attributes:
        folder: where backups lie.
        name: what it will be called.
    """

    folder: Path
    name: str

    @property
    def partial(self) -> Path:
        """Where it is made."""
        return self.folder / f"{PARTIAL}{self.name}"

    @property
    def lock(self) -> Path:
        """A file that is locked as long as the maker lives."""
        return self.folder / f"{LOCK}{self.name}"

    def publish(self) -> None:
        """Give it its name, in one rename. Raises OSError."""
        self.partial.rename(self.folder / self.name)
        sync_folder(self.folder)

    def clear(self) -> None:
        """Take away what is left of the making."""
        shutil.rmtree(self.partial, ignore_errors=True)
        self.lock.unlink(missing_ok=True)


def backup_name(database: str, label: str, at: datetime) -> str:
    """`shop-pre-migration-20261122T043000`, the time in UTC; what no file name should hold becomes `_`."""
    parts = (NOT_IN_NAMES.sub("_", part) for part in (database, label))
    return f"{'-'.join(parts).lstrip('.-') or '_'}-{at.astimezone(UTC):%Y%m%dT%H%M%S}"


@contextmanager
def claimed(folder: Path, name: str) -> Iterator[Claim]:
    """An empty folder to make a backup in; it goes again at the end, unless it was published.

    A name that is taken, by another backup of the same second, gets a number. What killed makers left is removed.

    Raises:
        OSError: the folder cannot be made or written.
        TimeoutError: another process holds the folder for too long.
    """
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    with ExitStack() as held:
        with locked(folder / TURN, TURN_S):
            sweep(folder)
            claim = _free(folder, name)
            held.enter_context(locked(claim.lock, 0))
        held.callback(claim.clear)
        claim.partial.mkdir(mode=PRIVATE)
        yield claim


def sweep(folder: Path) -> None:
    """Remove what makers left that were killed: nobody holds its lock."""
    for start in (PARTIAL, LOCK):
        for left in list(folder.glob(f"{start}*")):
            claim = Claim(folder, left.name.removeprefix(start))
            with suppress(TimeoutError), locked(claim.lock, 0):
                claim.clear()


def _free(folder: Path, name: str) -> Claim:
    numbered = (name if number == 1 else f"{name}-{number}" for number in count(1))
    claims = (Claim(folder, each) for each in numbered)
    return next(claim for claim in claims if not (claim.lock.exists() or (folder / claim.name).exists()))
