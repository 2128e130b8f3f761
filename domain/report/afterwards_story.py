"""What happened after an incident's end, as sentences for the report's timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from domain.journal_kinds import Happened
from domain.report.markdown import duration, moment

Data = Mapping[str, Any]


def _scheduled(data: Data) -> str:
    due = [f"{step} {moment(datetime.fromisoformat(at))}" for step, at in (data.get("due") or {}).items()]
    return f"follow-ups are due: {', '.join(due) or 'none'}"


def _looked(data: Data) -> str:
    serving = (
        f"{data.get('release') or 'an unknown release'} serves"
        if data.get("serving")
        else "nothing known serves"
    )
    bad = [
        f"{row['name']}: {row['said']}" for row in data.get("findings") or [] if row.get("verdict") == "bad"
    ]
    return f"follow-up {data.get('step')}: {serving}; {'; '.join(bad) or 'nothing bad was seen'}"


def _followed_up(data: Data) -> str:
    if data.get("off"):
        return f"follow-up {data.get('step')} was told to nobody: follow-ups were turned off by then"
    left = data.get("open") or []
    told = ", ".join(data.get("channels") or []) or "nobody"
    return f"follow-up {data.get('step')} told to {told}; {len(left)} items of the checklist are open"


def _ticked(data: Data) -> str:
    note = f": {data['note']}" if data.get("note") else ""
    return f"{data.get('by')} ticked {data.get('text')}{note}"


def _lifted(data: Data) -> str:
    note = f": {data['note']}" if data.get("note") else ""
    confirmed = ", ".join(key for key, yes in (data.get("answers") or {}).items() if yes)
    return f"{data.get('by')} took {data.get('release')} out of quarantine (confirmed: {confirmed}){note}"


def _recorded(data: Data) -> str:
    """What can be told of it, each with its number."""
    row = data.get("release") or {}
    images = [f"{name} {digest[:19]}" for name, digest in (row.get("images") or {}).items()]
    known = [
        f"commit {row['commit'][:12]}" if row.get("commit") else "",
        f"images: {', '.join(images)}" if images else "",
        f"schema {row['schema_version']}" if row.get("schema_version") else "",
        f"migrations {', '.join(row['migrations'])}" if row.get("migrations") else "",
        f"configuration {row['configuration_hash'][:12]}" if row.get("configuration_hash") else "",
    ]
    said = "; ".join(filter(None, known))
    return f"recorded {row.get('version')}: {said or 'nothing more is known of it'}"


def _committed(data: Data) -> str:
    since, until = _time(data.get("since")), _time(data.get("until"))
    span = f": it served well for {duration((until - since).total_seconds())}" if since and until else ""
    return f"{data.get('release')} is good by evidence{span}"


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None


def _kept_warm(data: Data) -> str:
    until = moment(_time(data.get("until")))
    return f"{data.get('release')} stays up in {data.get('slot')} until {until}"


def _decommissioned(data: Data) -> str:
    if data.get("stopped"):
        after = data.get("why") or f"{data.get('release')} can be started again there"
        return f"{data.get('slot')} was stopped; {after}"
    return f"{data.get('slot')} was not stopped: {data.get('why')}"


SAY: Mapping[str, Callable[[Data], str]] = {
    Happened.ROLLBACK_STARTED: lambda data: f"the watch started a rollback: run {data.get('run')}",
    Happened.COMMITTED: _committed,
    Happened.RECORDED: _recorded,
    Happened.KEPT_WARM: _kept_warm,
    Happened.DECOMMISSIONED: _decommissioned,
    Happened.FOLLOW_UPS: _scheduled,
    Happened.LOOKED_AFTER: _looked,
    Happened.FOLLOWED_UP: _followed_up,
    Happened.TICKED: _ticked,
    Happened.QUARANTINED: lambda data: f"{data.get('release')} is in quarantine",
    Happened.QUARANTINE_LIFTED: _lifted,
}
