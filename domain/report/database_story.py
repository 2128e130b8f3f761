"""What was done to the database, as sentences for the report's timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.database.study import Study
from domain.journal_kinds import Happened

Data = Mapping[str, Any]


def _studied(data: Data) -> str:
    if not data.get("study"):
        return "database studied"
    study = Study.model_validate(data["study"])
    parts = [f"schema {study.status.version or 'not recorded'}"]
    if study.wanted:
        parts.append(f"the target needs {study.wanted}")
    if study.rehearsal:
        ended = "worked" if study.rehearsal.works else "did not work"
        parts.append(f"the way down {ended} on a clone, with {study.rehearsal.rows} rows at risk")
    if study.beside:
        parts.append(f"backup {study.beside.backup} stands ready beside")
    parts += [reason for reason in (study.no_way_down, study.no_restore) if reason]
    return f"database studied: {'; '.join(parts)}"


def _changed(data: Data) -> str:
    if data.get("kept"):
        stood = data.get("outage_s")
        outage = "" if stood is None else f"writes stood still for {stood} s; "
        return f"database swapped: {outage}the old one is kept as {data['kept']}"
    return f"schema taken from {data.get('from')} to {data.get('to')}"


def _stopped(data: Data) -> str:
    left = data.get("left") or []
    who = f"still connected: {', '.join(left)}" if left else "nobody is connected to its database any more"
    return f"application stopped: {data.get('done')}; {who}"


def _exported(data: Data) -> str:
    rows = sum(row.get("inserted", 0) + row.get("changed", 0) for row in data.get("tables") or [])
    return f"{rows} rows that only the old database holds were exported to {data.get('folder')}"


SAY: Mapping[str, Callable[[Data], str]] = {
    Happened.STUDIED: _studied,
    Happened.BACKED_UP: lambda data: f"backed up as {data.get('backup')}: {data.get('rows')} rows",
    Happened.APPLICATION_STOPPED: _stopped,
    Happened.APPLICATION_STARTED: lambda data: f"application started again: {data.get('done')}",
    Happened.DATABASE_CHANGED: _changed,
    Happened.DROPPED_BESIDE: lambda data: f"dropped {data.get('database')}, which was restored and not used",
    Happened.DATABASE_RETURNED: lambda data: f"database returned: {data.get('how')}",
    Happened.SCHEMA_LEFT: lambda data: str(data.get("what")),
    Happened.EXPORTED: _exported,
}
