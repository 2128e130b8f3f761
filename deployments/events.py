"""The Prefect events that Backout emits of an application: what an automation finds in them, and what it matches."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.alert import Received, Status
from domain.findings import Finding
from domain.names import block_name
from domain.reaction import Reaction, Result
from domain.triggers import Level

TRIGGER_FIRED = "backout.trigger.fired"
ALERT_FIRING = "backout.alert.firing"
ALERT_RESOLVED = "backout.alert.resolved"
ALERT_UNKNOWN = "backout.alert.unknown"

LABEL_REACTION, LABEL_RUNBOOK = "backout.reaction", "backout.runbook"
MOST_SAMPLES = 300
"""In one event, the newest: Prefect takes no event of any size. The detection holds all."""

NOBODYS = "backout.alerts"
"""The resource of alerts that no application is known for."""

WHY = {
    Result.GROUPED: "noted in the incident that is open, or opens now",
    Result.COOLING: "an alert or a trigger started a run a short while ago: alerts.cool_down_s",
    Result.CAPPED: "alerts and triggers started as many runs as a day may have: alerts.per_day",
    Result.NOTED: "the policy starts nothing at this severity, or it was over before Prefect could be told",
}


def resource_id(application: str) -> str:
    """The resource that all events of an application are about."""
    return f"backout.application.{block_name(application)}"


def resource(application: str, reaction: Reaction, runbook: str) -> dict[str, str]:
    """The application, with the labels that choose the automation."""
    return {
        "prefect.resource.id": resource_id(application),
        "prefect.resource.name": application,
        LABEL_REACTION: reaction,
        LABEL_RUNBOOK: runbook,
    }


def of_alert(
    received: Received, result: Result, reaction: Reaction, detection: str | None = None
) -> dict[str, Any]:
    """An alert's event; sent again, it is the same event."""
    alert = received.alert
    said = {
        "detection": detection or "",
        "reason": alert.reason,
        "samples": shown([alert.finding()]),
        "alert": alert.model_dump(mode="json"),
    }
    name = ALERT_FIRING if alert.status is Status.FIRING else ALERT_RESOLVED
    return _asking(name, received, result, reaction, said)


def of_trigger(
    received: Received, result: Result, reaction: Reaction, detection: str | None, samples: Sequence[Finding]
) -> dict[str, Any]:
    """The event of a fired trigger, with its samples; sent again, it is the same event."""
    said = {
        "detection": detection or "",
        "reason": received.alert.summary,
        "samples": shown(samples),
        "level": Level.ROLL_BACK,
        **(received.fired.model_dump() if received.fired else {}),
    }
    return _asking(TRIGGER_FIRED, received, result, reaction, said)


def shown(samples: Sequence[Finding]) -> list[dict[str, Any]]:
    """The newest samples as an event has them."""
    return [finding.model_dump(mode="json") for finding in samples[-MOST_SAMPLES:]]


def _asking(
    name: str, received: Received, result: Result, reaction: Reaction, said: Mapping[str, Any]
) -> dict[str, Any]:
    """What asks for a run. Where it starts none it is another event, and its label is that of the automation that notes."""
    event_id, application = received.alert.event_id, received.application or ""
    starts = result is Result.STARTED
    return _event(
        event_id if starts else uuid.uuid5(event_id, result),
        name,
        resource(application, reaction if starts else Reaction.NOTE, received.runbook),
        {
            "application": application,
            "issue": received.issue or "",
            "runbook": received.runbook,
            "asked_by": received.alert.sender,
            "result": result,
            "why": WHY.get(result, ""),
            **said,
        },
    )


def of_unknown(received: Received) -> dict[str, Any]:
    """The event of an alert that no application is known for."""
    return _event(
        received.alert.event_id,
        ALERT_UNKNOWN,
        {"prefect.resource.id": NOBODYS, "prefect.resource.name": "alerts of nobody"},
        {"problem": received.problem, "alert": received.alert.model_dump(mode="json")},
    )


def _event(
    event: uuid.UUID, name: str, about: Mapping[str, str], payload: Mapping[str, Any]
) -> dict[str, Any]:
    """As Prefect's API takes it. It occurs when it is told: Prefect forgets what is said to be long ago."""
    return {
        "id": str(event),
        "occurred": datetime.now(UTC).isoformat(),
        "event": name,
        "resource": dict(about),
        "payload": dict(payload),
    }


def ids(events: Sequence[Mapping[str, Any]]) -> list[uuid.UUID]:
    """Their ids."""
    return [uuid.UUID(event["id"]) for event in events]
