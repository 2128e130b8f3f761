"""The application's database, as a run may change it."""

from functools import partial

from blocks.brings_files import BringsFiles
from blocks.databases.contract import Bring, Changes, there_already
from blocks.document import Document
from blocks.home import Home
from blocks.installation import Installation
from blocks.store import schemas
from domain.errors import ConfigurationError, NotPrepared
from domain.names import block_name

NOT_BUILT = "its image is not built yet"


def serving_release(document: Document) -> str | None:
    """The release whose migrations are applied: its down steps come with it (Aldeia step 8 loses them by checking out)."""
    platform = document.platform
    slot = platform.route().slot
    return platform.slot(slot).version if slot else None


def changes_of(document: Document, home: Home, *, builds: bool = True) -> Changes:
    """What can be done to the application's database. Raises ConfigurationError where it has none.

    `builds`: False where nothing may be made for it; then an image that is not there is NotPrepared.
    """
    if document.database is None:
        raise ConfigurationError(
            file=document.name, key="database", problem="is missing: this runbook is about the database"
        )
    platform = document.platform
    bring: Bring = there_already
    if isinstance(platform, BringsFiles):
        bring = platform.bring if builds else partial(_only_there, platform)
    return document.database.changes(document.name, home.backups / block_name(document.name), bring)


def _only_there(platform: BringsFiles, release: str) -> None:
    if not platform.brought(release):
        raise NotPrepared(release=release, why=NOT_BUILT)


def keep_schema(here: Installation, document: Document, version: str | None) -> None:
    """Keep the schema as it is at this version, for the day somebody goes down to it. Raises DatabaseUnreachable."""
    if version is not None:
        schemas.keep(here.store.database, document.name, version, changes_of(document, here.home).schema())
