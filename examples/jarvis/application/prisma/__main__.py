"""`npx prisma migrate status|deploy`. Prisma has no way down: it is gone back by a restore."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path

import psycopg

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 72707369
"""The advisory lock that Prisma takes, so that three pods do not migrate at once."""

RECORD = """
CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id varchar(36) PRIMARY KEY DEFAULT gen_random_uuid()::text,
    checksum varchar(64) NOT NULL,
    finished_at timestamptz,
    migration_name varchar(255) NOT NULL,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
)
"""
APPLIED = """
SELECT migration_name FROM _prisma_migrations
WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY started_at
"""

Connection = psycopg.Connection[tuple[object, ...]]


def known() -> list[str]:
    """The migrations that this release brought, or that came before it. `NEWEST_MIGRATION`: the last of them."""
    newest = os.environ.get("NEWEST_MIGRATION", "")
    names = sorted(folder.name for folder in MIGRATIONS.iterdir() if folder.is_dir())
    return [name for name in names if not newest or name <= newest]


def applied(connection: Connection) -> list[str]:
    """The migrations that the database has."""
    if connection.execute("SELECT to_regclass('_prisma_migrations')").fetchone() == (None,):
        return []
    return [str(name) for (name,) in connection.execute(APPLIED).fetchall()]


def status(connection: Connection) -> int:
    """Say how they differ; 1 where they do."""
    ours, theirs = known(), applied(connection)
    print(f"{len(ours)} migration{'s' * (len(ours) != 1)} found in prisma/migrations\n")
    foreign = [name for name in theirs if name not in ours]
    missing = [name for name in ours if name not in theirs]
    if foreign:
        print("The migration from the database are not found locally in prisma/migrations:")
        print("\n".join(foreign))
    if missing:
        print("Following migrations have not yet been applied:")
        print("\n".join(missing))
    if not (foreign or missing):
        print("Database schema is up to date!")
    return 1 if foreign or missing else 0


def deploy(connection: Connection) -> int:
    """Apply what is missing."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        connection.execute(RECORD)
        done = applied(connection)
        for name in known():
            if name not in done:
                _apply(connection, name)
    return 0


def _apply(connection: Connection, name: str) -> None:
    text = (MIGRATIONS / name / "migration.sql").read_bytes()
    connection.execute(text)
    connection.execute(
        "INSERT INTO _prisma_migrations (checksum, migration_name, finished_at, applied_steps_count, started_at)"
        " VALUES (%s, %s, clock_timestamp(), 1, clock_timestamp())",
        [sha256(text).hexdigest(), name],
    )
    print(f"Applying migration `{name}`")


def main() -> int:
    """One command."""
    commands = {"migrate status": status, "migrate deploy": deploy}
    command = commands.get(" ".join(sys.argv[1:3]))
    if command is None:
        print("prisma: migrate status, or migrate deploy", file=sys.stderr)
        return 2
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, connect_timeout=5) as connection:
            return command(connection)
    except psycopg.OperationalError:
        print("Error: P1001: Can't reach database server", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
