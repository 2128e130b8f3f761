"""What the API answers about an application: where its traffic is, how it came to that, and how it is."""

from datetime import datetime
from typing import Any

from blocks.document import Document
from blocks.installation import Installation
from deployments.answering import asked_last
from deployments.applications import names
from deployments.gateway.requests import BadRequest
from domain.errors import UnknownApplication
from domain.findings import Verdict
from domain.incident import Incident
from domain.names import application_name
from domain.outcomes import Outcome
from domain.precedence import Phase
from domain.release import Release, Slot
from tasks.assess import releases_of
from tasks.look import through_router

HISTORY = 20
"""Entries of the history that are shown; the runbook reads the last five."""

HEALTH = {Verdict.OK: "healthy", Verdict.BAD: "unhealthy", Verdict.NO_DATA: "unknown"}


def application_of(here: Installation, given: str | None) -> str:
    """The application that is meant: the only one, where none is named. Raises UnknownApplication, BadRequest."""
    known = names(here)
    if given is None and len(known) > 1:
        problem = f"which application is meant? known are {', '.join(known)}"
        raise BadRequest(problem, step=f"add ?application={known[0]}, or `application` to the JSON body")
    if given is None and not known:
        raise BadRequest("no application is known yet", step="run `backout apply backout.yaml` on that host")
    app = known[0] if given is None else _named(given)
    if app not in known:
        raise UnknownApplication(application=app, known=known)
    return app


def _named(text: str) -> str:
    try:
        return application_name(text)
    except ValueError as error:
        raise BadRequest(f"application: {error}") from None


def status(here: Installation, described: Document) -> dict[str, Any]:
    """The runbook's status. Raises Unreachable where the platform cannot be asked."""
    platform = described.platform
    slots, serving = platform.slots(), platform.route().slot
    version = next((slot.version for slot in slots if slot.name == serving), None)
    return {
        "application": described.name,
        "currentEnvironment": serving,
        "currentVersion": version,
        "environments": {slot.name: slot.version for slot in slots},
        "deploymentHistory": history(here, described, slots),
        "incident": under_way(here, described.name),
    }


def history(here: Installation, described: Document, slots: list[Slot]) -> list[dict[str, Any]]:
    """Releases and incidents, the newest last: each with what had the traffic after it."""
    places = {slot.version: slot.name for slot in slots}
    rows = [_of_release(release, places) for release in releases_of(here.store, described)]
    rows += [
        _of_incident(incident) for incident in here.store.incidents(described.name) if incident.closed_at
    ]
    return sorted(rows, key=lambda row: str(row["timestamp"]))[-HISTORY:]


def _of_release(release: Release, places: dict[str | None, str]) -> dict[str, Any]:
    served = "served" if release.served_since else "recorded"
    return {
        "action": "deploy",
        "environment": release.slot or places.get(release.version),
        "version": release.version,
        "timestamp": _utc(release.served_since or release.recorded_at),
        "status": "quarantined" if release.quarantined_by else served,
    }


def _of_incident(incident: Incident) -> dict[str, Any]:
    plan, moved = incident.plan, incident.outcome is Outcome.ROLLED_BACK
    return {
        "action": "rollback",
        "environment": (plan.to_slot if moved else plan.from_slot) if plan else None,
        "version": (plan.to_release if moved else plan.from_release) if plan else None,
        "timestamp": _utc(incident.closed_at or incident.opened_at),
        "status": incident.outcome,
        "incident": incident.id,
        "reason": incident.request.reason,
    }


def under_way(here: Installation, app: str) -> dict[str, Any] | None:
    """The incident that has the application now, and how to answer where it waits for people; None where none has."""
    holder = here.store.holder(app)
    if holder is None or not holder.alive:
        return None
    found: dict[str, Any] = {"id": holder.incident, "phase": holder.phase}
    asked = asked_last(here, holder.incident)
    if holder.phase is Phase.WAITING and asked is not None:
        found |= {"until": asked.data["deadline"], **how_to_answer(holder.incident)}
    return found


def how_to_answer(incident: str) -> dict[str, str]:
    """The commands for whoever may say yes or no, at the host of `backout serve`."""
    return {
        "approve": f'backout approve {incident} --reason "..."',
        "reject": f'backout reject {incident} --reason "..."',
    }


def health(described: Document, alerts: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether users are served well, by one look through the router; and the runbook's answer.

    `alerts`: how many wait on this host for Prefect, and how many it refuses. They do not make an application unhealthy.
    """
    platform = described.platform
    serving = platform.route().slot
    [finding] = through_router(described, [described.health], serving)
    body = {
        "health": HEALTH[finding.verdict],
        "application": described.name,
        "environment": serving,
        "version": finding.version or (platform.slot(serving).version if serving else None),
        "said": finding.said,
    }
    return finding.ok, {**body, "alerts": alerts}


def _utc(moment: datetime) -> str:
    return moment.isoformat()
