"""Releases in PostgreSQL: what was recorded, what has served, what is in quarantine."""

from datetime import UTC, datetime

from psycopg.types.json import Json

from blocks.store.database import Connection
from domain.release import Release


def record(connection: Connection, release: Release) -> None:
    """Keep or replace the record; what is known of serving and quarantine stays."""
    body = release.model_dump(mode="json", exclude={"served_since", "quarantined_by"})
    connection.execute(
        """INSERT INTO releases (application, version, record, recorded_at, served_since) VALUES (%s, %s, %s, %s, %s)
           ON CONFLICT (application, version) DO UPDATE
              SET record = excluded.record, recorded_at = excluded.recorded_at,
                  served_since = coalesce(releases.served_since, excluded.served_since)""",
        [release.application, release.version, Json(body), release.recorded_at, release.served_since],
    )


def of(connection: Connection, application: str) -> list[Release]:
    """Newest first."""
    rows = connection.execute(
        "SELECT record, served_since, quarantined_by FROM releases WHERE application = %s ORDER BY recorded_at DESC",
        [application],
    )
    return [
        Release.model_validate(
            {**row["record"], "served_since": row["served_since"], "quarantined_by": row["quarantined_by"]}
        )
        for row in rows
    ]


def served(connection: Connection, application: str, version: str, at: datetime) -> None:
    """Note the first time traffic was seen on it; make a bare record where there is none."""
    if not any(release.version == version for release in of(connection, application)):
        record(
            connection,
            Release(
                application=application, version=version, recorded_at=datetime.now(UTC), recorded_by="seen"
            ),
        )
    connection.execute(
        "UPDATE releases SET served_since = coalesce(served_since, %s) WHERE application = %s AND version = %s",
        [at, application, version],
    )


def quarantine(connection: Connection, application: str, version: str, incident: str | None) -> None:
    """Set or lift it."""
    connection.execute(
        "UPDATE releases SET quarantined_by = %s WHERE application = %s AND version = %s",
        [incident, application, version],
    )
