"""The schemas that were seen of each application, by version: what a way down must land on."""

from psycopg.types.json import Json

from blocks.store.database import Database
from domain.database.schema import Schema


def keep(database: Database, application: str, version: str, schema: Schema) -> None:
    """Keep the schema of this version; the last one that was seen replaces the one before."""
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO schemas (application, version, body) VALUES (%s, %s, %s)
               ON CONFLICT (application, version) DO UPDATE SET body = excluded.body, noted_at = now()""",
            [application, version, Json(schema.model_dump(mode="json"))],
        )


def of(database: Database, application: str, version: str | None) -> Schema | None:
    """The schema as it was seen at this version; None where it never was."""
    with database.transaction() as connection:
        row = connection.execute(
            "SELECT body FROM schemas WHERE application = %s AND version = %s", [application, version or ""]
        ).fetchone()
    return Schema.model_validate(row["body"]) if row else None
