"""The automations that `backout apply` makes: visible and editable in Prefect's UI, one an application."""

from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from deployments.watch import EVENT
from domain.names import block_name

RUNBOOK = "rollback"


def name_of(application: str) -> str:
    """The automation's name."""
    return f"Backout: {application}: a fired trigger starts {RUNBOOK}"


def start_on_trigger(client: SyncPrefectClient, application: str, block: UUID) -> UUID:
    """Create or update the application's automation; its id."""
    deployment = client.read_deployment_by_name(f"{RUNBOOK}/{RUNBOOK}").id
    wanted = _automation(application, block, deployment)
    known = client.read_automations_by_name(wanted.name)
    if known:
        client.update_automation(known[0].id, wanted)
        return known[0].id
    return client.create_automation(wanted)


def _automation(application: str, block: UUID, deployment: UUID) -> AutomationCore:
    parameters: dict[str, Any] = {
        "application": {"$ref": {"block_document_id": str(block)}},
        "issue": "{{ event.payload.issue }}",
        "reason": "{{ event.payload.reason | default('a trigger fired') }}",
        "detection": "{{ event.payload.detection | default('') }}",
        "asked_by": "backout watch",
        "via": "automation",
    }
    return AutomationCore(
        name=name_of(application),
        description="Made by `backout apply`. Severity and consent come from the application's policy, not from the event.",
        trigger=EventTrigger(
            expect={EVENT},
            match={"prefect.resource.id": f"backout.application.{block_name(application)}"},
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=[RunDeployment(deployment_id=deployment, parameters=parameters)],
        tags=[application],
    )
