"""The applied configuration as the store keeps it: what drift is measured against."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Json

from blocks.store.database import Database
from domain.errors import UnknownApplication


@dataclass(frozen=True)
class Applied:
    """One application's document as it was applied, secrets as references. `at`: when; None before it is kept."""

    application: str
    document: dict[str, Any]
    digest: str
    source: str
    at: datetime | None = None


def keep(database: Database, applied: Applied, by: str) -> None:
    """Keep the document as the latest applied one."""
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO configurations (application, document, digest, source, applied_by) VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT (application) DO UPDATE SET document = excluded.document, digest = excluded.digest,
                   source = excluded.source, applied_at = now(), applied_by = excluded.applied_by""",
            [applied.application, Json(applied.document), applied.digest, applied.source, by],
        )


def all_of(database: Database) -> list[Applied]:
    """Every application's, by name."""
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT application, document, digest, source, applied_at AS at FROM configurations ORDER BY application"
        )
        return [Applied(**row) for row in rows]


def of(database: Database, application: str) -> Applied:
    """The latest applied document. Raises UnknownApplication with the known names."""
    known = all_of(database)
    for applied in known:
        if applied.application == application:
            return applied
    raise UnknownApplication(application=application, known=[applied.application for applied in known])
