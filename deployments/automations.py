"""The automations that `backout apply` makes of an application: visible and editable in Prefect's UI.

One each for: start a runbook, ask people first, note only. Which one fires is a label of the event, made from the policy at
that moment; the run reads the policy again and asks by it, whoever edits what here.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.sorting import AutomationSort
from prefect.events.actions import ActionTypes, DoNothing, RunDeployment
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

from deployments import events
from domain.errors import ConfigurationError
from domain.reaction import Reaction

RUNBOOK = "rollback"
PREFIX = "Backout: "
CAUSES = {events.TRIGGER_FIRED, events.ALERT_FIRING}
NAMED_IN = "runbook of alerts.rules or watch.triggers"
MADE = "Made by `backout apply`. Severity and consent come from the application's policy, not from the event."
NAMES = {
    Reaction.START: "a fired trigger or an alert starts {runbook}",
    Reaction.ASK: "a fired trigger or an alert asks people for {runbook}",
    Reaction.NOTE: "a fired trigger or an alert that starts nothing is noted",
}
SAID = {
    Reaction.START: "The policy asks nobody for this issue.",
    Reaction.ASK: "The run that it starts asks the people whom the policy names, and acts after their yes.",
    Reaction.NOTE: "Too soon after another, one too many a day, of an incident that is open, or not severe enough.",
}
PARAMETERS = {
    "issue": "{{ event.payload.issue | default('') }}",
    "reason": "{{ event.payload.reason | default('a trigger fired') }}",
    "detection": "{{ event.payload.detection | default('') }}",
    "asked_by": "{{ event.payload.asked_by | default('backout watch') }}",
    "via": "automation",
}
"""A key that is missing from an event would make the action fail, and nothing would run."""


def name_of(application: str, reaction: Reaction = Reaction.START, runbook: str = RUNBOOK) -> str:
    """The automation's name."""
    return f"{PREFIX}{application}: {NAMES[reaction].format(runbook=runbook)}"


def make_automations(
    client: SyncPrefectClient, application: str, block: UUID, runbooks: list[str]
) -> list[UUID]:
    """Create or update the application's automations; their ids.

    Raises:
        ConfigurationError: a runbook is no deployment that an automation can start.
    """
    wanted = [_note(application)]
    for runbook in sorted({RUNBOOK, *runbooks}):
        action = _start(client, block, runbook)
        wanted += [_of(application, reaction, runbook, action) for reaction in (Reaction.START, Reaction.ASK)]
    remove_others(client, application, {one.name for one in wanted})
    return [_upsert(client, one) for one in wanted]


def remove_others(client: SyncPrefectClient, application: str, names: set[str]) -> None:
    """Those of runbooks that are named no more, or of an older Backout, would start a second run."""
    for known in _all(client):
        if known.name.startswith(f"{PREFIX}{application}: ") and known.name not in names:
            client.delete_automation(known.id)


def _all(client: SyncPrefectClient) -> list[Automation]:
    """Prefect gives a page at a time, as long as it is set to; the order of names is the same on each."""
    found: list[Automation] = []
    while page := client.read_automations(sort=AutomationSort.NAME_ASC, offset=len(found)):
        found += page
    return found


def _upsert(client: SyncPrefectClient, wanted: AutomationCore) -> UUID:
    """One that is as it should be is left alone: an update forgets the events that it is in the middle of."""
    known = client.read_automations_by_name(wanted.name)
    if not known:
        return client.create_automation(wanted)
    if not is_same(known[0], wanted):
        kept = wanted.model_copy(update={"enabled": known[0].enabled})
        client.update_automation(known[0].id, kept)
    return known[0].id


def is_same(known: AutomationCore, wanted: AutomationCore) -> bool:
    """Whether both do the same. Who switched one off in the UI meant it."""
    return (known.trigger, known.actions, known.description) == (
        wanted.trigger, wanted.actions, wanted.description,
    )  # fmt: skip


def as_made(known: AutomationCore, application: str, runbook: str) -> bool:
    """Whether an automation that starts a runbook does so at the events that `backout apply` lets it wait for."""
    wanted = _of(application, Reaction.START, runbook, known.actions[0])
    return is_same(known, wanted)


def _start(client: SyncPrefectClient, block: UUID, runbook: str) -> RunDeployment:
    """The action that starts a runbook, with as much of its form as it has."""
    try:
        found = client.read_deployment_by_name(f"{runbook}/{runbook}")
    except ObjectNotFound:
        raise ConfigurationError("backout.yaml", NAMED_IN, f"{runbook!r} is no runbook") from None
    form = (found.parameter_openapi_schema or {}).get("properties", {})
    if "application" not in form or "detection" not in form:
        problem = f"{runbook!r} cannot be started by an alert or a trigger"
        raise ConfigurationError("backout.yaml", NAMED_IN, problem)
    given: dict[str, Any] = {name: value for name, value in PARAMETERS.items() if name in form}
    given["application"] = {"$ref": {"block_document_id": str(block)}}
    return RunDeployment(deployment_id=found.id, parameters=given)


def _of(application: str, reaction: Reaction, runbook: str, action: ActionTypes) -> AutomationCore:
    labels = {events.LABEL_REACTION: reaction.value, events.LABEL_RUNBOOK: runbook}
    return AutomationCore(
        name=name_of(application, reaction, runbook),
        description=f"{SAID[reaction]} {MADE}",
        trigger=_each(CAUSES, application, labels),
        actions=[action],
        tags=[application],
    )


def _note(application: str) -> AutomationCore:
    """It does nothing, and is there to be seen, and to be given something to do."""
    return AutomationCore(
        name=name_of(application, Reaction.NOTE),
        description=f"{SAID[Reaction.NOTE]} {MADE}",
        trigger=_each(CAUSES, application, {events.LABEL_REACTION: Reaction.NOTE.value}),
        actions=[DoNothing()],
        tags=[application],
    )


def _each(names: set[str], application: str, labels: dict[str, str]) -> EventTrigger:
    """Fires at each of these events, at once."""
    return EventTrigger(
        expect=names,
        match={"prefect.resource.id": events.resource_id(application), **labels},
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )
