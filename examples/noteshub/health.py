"""`/health`, as NotesHub "Health Check Endpoint" has it: each check by name, 503 where one is not ok."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from examples.noteshub.notes import Notes

OK = 200
UNAVAILABLE = 503


def health(version: str, notes: Notes, uploads: Path, *, spoiled: bool) -> tuple[int, dict[str, Any]]:
    """The status and the body. `spoiled`: whether the release has the fault of being unhealthy."""
    checks = {"database": _database(notes, spoiled=spoiled), "storage": _storage(uploads)}
    if checks["database"] != "ok":
        status = "unhealthy"
    else:
        status = "healthy" if checks["storage"] == "ok" else "degraded"
    body = {
        "status": status,
        "version": version,
        "timestamp": datetime.now(UTC).isoformat(),
        "checks": checks,
    }
    return OK if status == "healthy" else UNAVAILABLE, body


def _database(notes: Notes, *, spoiled: bool) -> str:
    if spoiled:
        return "error: no pool"
    try:
        notes.answers()
    except psycopg.Error as error:
        # Its text may quote the address, and with it a password.
        return f"error: {type(error).__name__}"
    return "ok"


def _storage(uploads: Path) -> str:
    return "ok" if uploads.is_dir() else "error: directory not found"
