"""The tables: numbered SQL files, each applied once and recorded in `schema_migrations`."""

from __future__ import annotations

import logging
from pathlib import Path

import psycopg

UP = ".up.sql"
LOCK = 4_711_004
"""Any number, the same in every slot: of two that start at once one waits, and finds nothing left to do."""

RECORD = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""

log = logging.getLogger("flappyjournal")


def migrate(database_url: str, folder: Path) -> None:
    """Apply what is missing, in order and in one transaction. Raises `psycopg.Error`."""
    with psycopg.connect(database_url, connect_timeout=10) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        connection.execute(RECORD)
        applied = {row[0] for row in connection.execute("SELECT version FROM schema_migrations")}
        for file in sorted(folder.glob(f"*{UP}")):
            version = file.name.split("_")[0]
            if version in applied:
                continue
            connection.execute(file.read_bytes())
            connection.execute("INSERT INTO schema_migrations (version) VALUES (%s)", [version])
            log.info("migration %s applied: %s", version, file.name.removesuffix(UP))
