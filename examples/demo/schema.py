"""The application's tables: numbered SQL files, each applied once and recorded in `schema_migrations`.

A release brings the files of its own folder. `broken_migrations` holds what a bad release may add to them.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

MIGRATIONS = Path(__file__).parent / "migrations"
BROKEN_MIGRATIONS = Path(__file__).parent / "broken_migrations"
UP = ".up.sql"

# Any constant works; it only has to be the same in every slot of this application.
_LOCK = 4_711_001

_RECORD = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def migrate(database_url: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations of the folder that are missing, in order; return their versions (`["0001"]`, or `[]`).

    All in one transaction and under an advisory lock: of two slots that start at once the second waits, then finds
    nothing left to do. Raises `psycopg.Error` when the database cannot be reached or refuses a statement.
    """
    with psycopg.connect(database_url, connect_timeout=10) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(_RECORD)
        applied = {row[0] for row in connection.execute("SELECT version FROM schema_migrations")}
        missing = [file for file in sorted(folder.glob(f"*{UP}")) if _version(file) not in applied]
        for file in missing:
            _apply(connection, file)
    return [_version(file) for file in missing]


def _apply(connection: psycopg.Connection[tuple[object, ...]], file: Path) -> None:
    connection.execute(file.read_bytes())
    connection.execute("INSERT INTO schema_migrations (version) VALUES (%s)", [_version(file)])


def _version(file: Path) -> str:
    return file.stem.split("_")[0]
