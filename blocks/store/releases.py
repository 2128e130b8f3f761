"""Releases in PostgreSQL: what was recorded, what has served, what served well, what is in quarantine."""

from datetime import UTC, datetime

from psycopg.types.json import Json

from blocks.store.database import Connection
from domain.good import joined
from domain.release import SEEN_SINCE, Release

SEEN_COLUMNS = ", ".join(sorted(SEEN_SINCE))


def record(connection: Connection, release: Release) -> None:
    """Keep or replace the record; what is known of serving, evidence and quarantine stays."""
    body = release.model_dump(mode="json", exclude=SEEN_SINCE)
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
        f"SELECT record, {SEEN_COLUMNS} FROM releases WHERE application = %s ORDER BY recorded_at DESC",  # noqa: S608 - names of ours
        [application],
    )
    return [
        Release.model_validate({**row["record"], **{name: row[name] for name in SEEN_SINCE}}) for row in rows
    ]


def served(connection: Connection, application: str, version: str, at: datetime) -> None:
    """Note the first time traffic was seen on it; make a bare record where there is none."""
    _known(connection, application, version)
    connection.execute(
        "UPDATE releases SET served_since = coalesce(served_since, %s) WHERE application = %s AND version = %s",
        [at, application, version],
    )


def good(
    connection: Connection, application: str, version: str, since: datetime, until: datetime, by: str
) -> None:
    """Note that it was seen to serve well from then to then; make a bare record where there is none."""
    _known(connection, application, version)
    connection.execute(
        "SELECT 1 FROM releases WHERE application = %s AND version = %s FOR UPDATE", [application, version]
    )
    kept = next(row for row in of(connection, application) if row.version == version)
    now = joined(kept, since, until, by)
    connection.execute(
        "UPDATE releases SET good_since = %s, good_until = %s, good_by = %s WHERE application = %s AND version = %s",
        [now.good_since, now.good_until, now.good_by, application, version],
    )


def quarantine(connection: Connection, application: str, version: str, incident: str | None) -> None:
    """Set or lift it."""
    connection.execute(
        "UPDATE releases SET quarantined_by = %s WHERE application = %s AND version = %s",
        [incident, application, version],
    )


def _known(connection: Connection, application: str, version: str) -> None:
    """What was never recorded gets a bare record; one that is there stays."""
    seen = Release(
        application=application, version=version, recorded_at=datetime.now(UTC), recorded_by="seen"
    )
    connection.execute(
        """INSERT INTO releases (application, version, record, recorded_at) VALUES (%s, %s, %s, %s)
           ON CONFLICT (application, version) DO NOTHING""",
        [application, version, Json(seen.model_dump(mode="json", exclude=SEEN_SINCE)), seen.recorded_at],
    )
