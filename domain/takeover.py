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

MOVING = ("switch", "shift traffic", "put in place", "go back")
"""Acts that move traffic: from their start on it may have moved, whether or not the journal came to say so."""


def of_traffic(entry: Entry) -> bool:
    """Whether the entry says that traffic moved, or may have."""
    if entry.kind == Happened.ACT_STARTED:
        return entry.data.get("act") in MOVING
    return entry.kind in (Happened.SWITCHED, Happened.VERIFIED, Happened.WENT_BACK)


def may_have_moved(entries: Iterable[Entry]) -> bool:
    """Whether an incident's journal, and what was reconciled into it, leaves traffic in doubt."""
    return any(of_traffic(_as_written(entry)) for entry in entries)


def stands_in_the_way(incident: Incident, entries: Iterable[Entry], request: Request) -> bool:
    """Whether a dead run's incident keeps a new deploy out: it neither finishes nor ends what moved traffic for another wish.

    The same deploy asked for again, or a rollback, ends such an incident.
    """
    old = incident.request
    if request.kind is not Kind.DEPLOY:
        return False
    if old.kind is not Kind.DEPLOY:
        return True
    return (old.runbook, old.to) != (request.runbook, request.to) and may_have_moved(entries)


def refusal(
    incident: Incident, entries: Iterable[Entry], request: Request, now: datetime | None = None
) -> str:
    """Why a new run must not go on with a dead run's incident; empty where it must or may.

    Traffic that may have moved must be finished by the incident that moved it. Else the new request counts: an old
    plan is only carried out for somebody who asks for the same thing, shortly after.
    """
    if incident.request.kind is Kind.DEPLOY and request.kind is not Kind.DEPLOY:
        return "its run died in a deploy; what goes back finishes no deploy"
    moved = may_have_moved(entries)
    if incident.request.share != request.share and (incident.request.share is not None or not moved):
        return "its run died; what is asked for now is another share of the traffic"
    if moved:
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
    if other := _of_another_kind(old, new):
        return f"its run died; the new request is {other}"
    if new.urgent and not old.urgent:
        return "its run died; the new request is critical, and asks nobody"
    if new.even_unhealthy != old.even_unhealthy:
        return "its run died; the new request judges the target's health in another way"
    return ""


def _of_another_kind(old: Request, new: Request) -> str:
    """Of deploys each runbook is one: what `promote` deploys was tried on staging, what `deploy` does was not."""
    if new.kind is not old.kind and not (old.kind is Kind.EMERGENCY and new.kind is Kind.ROLLBACK):
        return f"of kind {new.kind}"
    return f"a {new.runbook}" if new.kind is Kind.DEPLOY and new.runbook != old.runbook else ""


def _as_written(entry: Entry) -> Entry:
    """An entry of a local journal lies inside the one that brought it into the store."""
    if entry.kind != Happened.RECONCILED:
        return entry
    return Entry.model_validate(entry.data["entry"])
