"""What happened after an incident's end, as sentences for the report's timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from domain.journal_kinds import Happened
from domain.report.markdown import moment

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


SAY: Mapping[str, Callable[[Data], str]] = {
    Happened.FOLLOW_UPS: _scheduled,
    Happened.LOOKED_AFTER: _looked,
    Happened.FOLLOWED_UP: _followed_up,
    Happened.TICKED: _ticked,
    Happened.QUARANTINE_LIFTED: _lifted,
}
