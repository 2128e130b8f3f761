"""Rehearse: the way down of the newest migration, or to a version, outside any incident."""

from blocks.databases.contract import OnProgress, untold
from blocks.document import Document
from blocks.installation import Installation
from blocks.store import readiness, schemas
from domain.database.rehearsal import Rehearsal
from tasks.database import changes_of, keep_schema, serving_release


def rehearse_last(
    here: Installation, document: Document, to: str | None = None, progress: OnProgress = untold
) -> Rehearsal:
    """The rehearsal down to `to`, by default below the newest applied migration. Keeps it, and today's schema for later ones.

    Raises:
        NoDownStep, SchemaDirty: there is nothing that could be rehearsed.
    """
    changes = changes_of(document, here.home)
    changes.tidy()
    release = serving_release(document)
    applied = changes.status(release).applied
    keep_schema(here, document, applied[-1] if applied else None)
    wanted = to or (applied[-2] if len(applied) > 1 else None)
    recorded = schemas.of(here.store.database, document.name, wanted)
    seen = changes.rehearse(wanted, recorded, release, progress)
    readiness.rehearsed(here.store.database, document.name, seen)
    return seen
