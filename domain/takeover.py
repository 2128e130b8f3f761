"""Whether a new run goes on with an incident whose own run died, or begins anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.request import Kind, Request

FRESH = timedelta(minutes=10)
"""Older plans were made from what nobody has looked at since."""

MOVING = ("switch", "go back")
"""Acts that move traffic: from their start on it may have moved, whether or not the journal came to say so."""


def of_traffic(entry: Entry) -> bool:
    """Whether the entry says that traffic moved, or may have."""
    if entry.kind == Happened.ACT_STARTED:
        return entry.data.get("act") in MOVING
    return entry.kind in (Happened.SWITCHED, Happened.VERIFIED, Happened.WENT_BACK)


def may_have_moved(entries: Iterable[Entry]) -> bool:
    """Whether an incident's journal, and what was reconciled into it, leaves traffic in doubt."""
    return any(of_traffic(_as_written(entry)) for entry in entries)


def refusal(
    incident: Incident, entries: Iterable[Entry], request: Request, now: datetime | None = None
) -> str:
    """Why a new run must not go on with a dead run's incident; empty where it must or may.

    Traffic that may have moved must be finished by the incident that moved it. Else the new request counts: an old
    plan is only carried out for somebody who asks for the same thing, shortly after.
    """
    if may_have_moved(entries):
        return ""
    age = (now or datetime.now(UTC)) - incident.opened_at
    if age >= FRESH:
        return f"its run died, and it is {int(age.total_seconds() // 60)} minutes old"
    return _difference(incident.request, request)


def _difference(old: Request, new: Request) -> str:
    if old.application != new.application:
        return f"its run died; the new request is for {new.application}"
    if new.to is not None and new.to != old.to:
        return f"its run died; the new request is for release {new.to}"
    if new.kind is not old.kind and not (old.kind is Kind.EMERGENCY and new.kind is Kind.ROLLBACK):
        return f"its run died; the new request is of kind {new.kind}"
    if new.even_unhealthy != old.even_unhealthy:
        return "its run died; the new request judges the target's health in another way"
    return ""


def _as_written(entry: Entry) -> Entry:
    """An entry of a local journal lies inside the one that brought it into the store."""
    if entry.kind != Happened.RECONCILED:
        return entry
    return Entry.model_validate(entry.data["entry"])
