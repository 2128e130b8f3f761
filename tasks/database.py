"""The application's database, as a run may change it."""

from blocks.databases.contract import Changes
from blocks.document import Document
from blocks.home import Home
from domain.database.backup import Backup
from domain.errors import BackupUnusable, ConfigurationError
from domain.names import block_name


def serving_release(document: Document) -> str | None:
    """The release whose migrations are applied: its down steps come with it (Aldeia step 8 loses them by checking out)."""
    platform = document.platform
    slot = platform.route().slot
    return platform.slot(slot).version if slot else None


def changes_of(document: Document, home: Home) -> Changes:
    """What can be done to the application's database. Raises ConfigurationError where it has none."""
    if document.database is None:
        raise ConfigurationError(
            file=document.name, key="database", problem="is missing: this runbook is about the database"
        )
    return document.database.changes(document.name, home.backups / block_name(document.name))


def usable(made: Backup) -> Backup:
    """The backup, if it can be believed. Raises BackupUnusable."""
    if not made.verified:
        raise BackupUnusable(backup=made.name, problems=made.problems)
    return made
