"""Backups that were read whole: what was found is kept, since reading may take far longer than a look at readiness may."""

import hashlib
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from blocks.databases.contract import Changes
from blocks.document import Document
from blocks.files import locked
from blocks.installation import Installation
from blocks.store import readiness as kept
from domain.database.backup import Backup
from domain.names import block_name
from tasks.database import changes_of


def newest(changes: Changes) -> Backup | None:
    """Ours alone: what somebody else dumped says nothing of what it holds."""
    return next((backup for backup in changes.backups() if backup.manifest is not None), None)


def as_read(here: Installation, application: str, backup: Backup) -> tuple[list[str], datetime] | None:
    """What was wrong with it when it was read last, and when; None where it was not read with the files as they are."""
    return kept.backup_read(here.store.database, application, backup.name, _files(backup))


def keep_read(here: Installation, application: str, read: Backup) -> None:
    """Keep what was found in a backup that was just read whole."""
    kept.read_backup(here.store.database, application, read.name, _files(read), read.problems)


def read_whole(here: Installation, application: str, changes: Changes, backup: Backup) -> Backup:
    """The backup with all that is wrong with it, which is kept where it is ours."""
    files = _files(backup)  # as they are before: what changes meanwhile is to be read again
    here.store.rest()  # no connection lies open for as long as that takes
    read = changes.verify(backup)
    if read.manifest is not None:
        kept.read_backup(here.store.database, application, read.name, files, read.problems)
    return read


def read_due(here: Installation, document: Document) -> Backup | None:
    """Read the newest backup where that is due, however long it takes; None where it is not, or another run reads it."""
    if document.database is None:
        return None
    changes = changes_of(document, here.home)
    backup = newest(changes)
    if backup is None:
        return None
    with ExitStack() as alone:
        try:
            alone.enter_context(locked(here.home.state / f"{block_name(document.name)}.reading", 0))
        except TimeoutError:
            return None
        return read_whole(here, document.name, changes, backup) if _due(here, document, backup) else None


def _due(here: Installation, document: Document, backup: Backup) -> bool:
    before = as_read(here, document.name, backup)
    every = timedelta(hours=document.readiness.read_backup_every_h)
    return before is None or datetime.now(UTC) - before[1] >= every


def _files(backup: Backup) -> str:
    """A digest of the files' names, sizes and times: what was changed since shows, without reading a byte of it."""
    folder = Path(backup.path)
    found = [(path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file()]
    lines = [
        f"{path.relative_to(folder)} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"
        for path, stat in found
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
