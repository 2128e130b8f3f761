"""Whether the data is intact, corrupted or lost, by what can be seen (Jarvis "When to Rollback Database")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from domain.database.backup import Backup
from domain.database.wish import DataState
from domain.findings import Finding

SMOKE = "smoke query"
"""How the name of a finding of the application's own queries begins."""

LOST_SHARE = 0.5
"""A table that holds less than this share of the rows of the newest verified backup has lost data."""


def judged(findings: Iterable[Finding], rows: Mapping[str, int], backups: Sequence[Backup]) -> DataState:
    """Lost where tables are gone or emptied since the newest verified backup; corrupted where a smoke query is bad."""
    if lost_tables(rows, backups):
        return DataState.LOST
    bad = any(finding.bad and finding.name.startswith(SMOKE) for finding in findings)
    return DataState.CORRUPTED if bad else DataState.INTACT


def lost_tables(rows: Mapping[str, int], backups: Sequence[Backup]) -> list[str]:
    """The tables that hold less than half of what the newest verified backup says, in words."""
    newest = next((backup.manifest for backup in backups if backup.verified and backup.manifest), None)
    if newest is None:
        return []
    return [
        f"{table} has {rows.get(table, 0)} of {count} rows"
        for table, count in newest.rows.items()
        if count and rows.get(table, 0) < count * LOST_SHARE
    ]
