"""Make Prefect know the work pool, the deployments, and what is to happen to a run that fell silent."""

import importlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flows import Flow

from deployments.catalog import CATALOG, ROOT, WORK_POOL, Catalogued
from deployments.drill_schedules import DRILL
from deployments.parameter_form import form_schema
from deployments.prefect_environment import HEARTBEAT_SECONDS
from deployments.warm_worker import WarmWorker

EMERGENCY_QUEUE = "emergency"
SILENT_RUN = "Backout marks a run that fell silent as crashed"
FAILED_ACTION = "Backout tells people when an automation fails"
TELLING = "automation-failed"


async def register(
    catalog: Sequence[Catalogued] = CATALOG, work_pool: str = WORK_POOL, worker_type: str = WarmWorker.type
) -> dict[str, UUID]:
    """Create or update the work pool, its queues, one deployment an entry, and the automation. Safe to repeat.

    Returns the deployments' ids by name. Raises `ImportError` or `TypeError` where a flow does not exist.
    """
    async with get_client() as client:
        await _work_pool(client, work_pool, worker_type)
        ids = {entry.name: await _deployment(client, entry, work_pool) for entry in catalog}
        await _automation(client, _silent_run())
        if TELLING in ids:
            await _automation(client, _failed_action(ids[TELLING]))
    return ids


async def _work_pool(client: PrefectClient, name: str, worker_type: str) -> None:
    template = WarmWorker.get_default_base_job_template() if worker_type == WarmWorker.type else {}
    description = "Runs of Backout, executed by `backout serve` or by Prefect's own workers."
    wanted = WorkPoolCreate(name=name, type=worker_type, description=description, base_job_template=template)
    try:
        await client.create_work_pool(wanted)
    except ObjectAlreadyExists:
        await client.update_work_pool(name, WorkPoolUpdate(description=description))
    # Prefect hands out 200 waiting runs at a time: a queue before the others keeps an emergency among them.
    try:
        await client.read_work_queue_by_name(EMERGENCY_QUEUE, name)
    except ObjectNotFound:
        await client.create_work_queue(EMERGENCY_QUEUE, work_pool_name=name, priority=1)


async def _deployment(client: PrefectClient, entry: Catalogued, work_pool: str) -> UUID:
    """Create or update one deployment, which stock workers load as a file below the rooms' folder."""
    flow = _flow(entry)
    flow_id = await client.create_flow(flow)
    return await client.create_deployment(
        flow_id,
        entry.name,
        schedules=await _schedules(client, entry, flow.name),
        description=entry.description,
        tags=entry.all_tags,
        work_pool_name=work_pool,
        work_queue_name=EMERGENCY_QUEUE if entry.emergency else "default",
        path=str(ROOT),
        entrypoint=entry.file_entrypoint,
        pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
        parameter_openapi_schema=form_schema(flow),
        enforce_parameter_schema=True,
    )


async def _schedules(
    client: PrefectClient, entry: Catalogued, flow: str
) -> list[DeploymentScheduleCreate] | None:
    """The catalog's, or those that `backout apply` made: Prefect drops a deployment's schedules where it is created again.

    What somebody paused stays paused.
    """
    if not entry.schedule and entry.name != DRILL:
        return None
    try:
        known = (await client.read_deployment_by_name(f"{flow}/{entry.name}")).schedules
    except ObjectNotFound:
        known = []
    if entry.schedule:
        active = all(one.active for one in known)
        return [DeploymentScheduleCreate(schedule=CronSchedule(cron=entry.schedule), active=active)]
    return [
        DeploymentScheduleCreate(
            schedule=one.schedule, active=one.active, parameters=one.parameters, slug=one.slug
        )
        for one in known
    ]


def _flow(entry: Catalogued) -> Flow[..., object]:
    flow = getattr(importlib.import_module(entry.module), entry.entrypoint.partition(":")[2], None)
    if not isinstance(flow, Flow):
        raise TypeError(f"{entry.entrypoint}, named by deployment {entry.name!r}, is not a Prefect flow")
    return flow


async def _automation(client: PrefectClient, wanted: AutomationCore) -> None:
    """Create it, or change it where it is another one."""
    known = await client.read_automations_by_name(wanted.name)
    if not known:
        await client.create_automation(wanted)
    elif not _is_same(known[0], wanted):
        # Not at each start: an update forgets the runs whose heartbeat the automation is waiting for.
        await client.update_automation(known[0].id, wanted)


def _is_same(known: AutomationCore, wanted: AutomationCore) -> bool:
    return (known.trigger, known.actions, known.enabled) == (wanted.trigger, wanted.actions, wanted.enabled)


def _silent_run() -> AutomationCore:
    """A run whose host died sends no heartbeat: after three missed ones it is Crashed, and can be started again.

    Any other event of a run ends the wait: runs end in states of our own names. A beat that comes in after its run's end
    waits for nothing, and the action then fails, of which nobody is told: this one is called otherwise than an application's.
    """
    beat = "prefect.flow-run.heartbeat"
    return AutomationCore(
        name=SILENT_RUN,
        description="Kept by `backout serve`. Needs heartbeats every 30 s (`PREFECT_FLOWS_HEARTBEAT_FREQUENCY`).",
        trigger=EventTrigger(
            after={beat},
            expect={"prefect.flow-run.*"},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=3 * HEARTBEAT_SECONDS),
        ),
        actions=[
            ChangeFlowRunState(state=StateType.CRASHED, message="No heartbeat: the process or its host died.")
        ],
    )


def _failed_action(telling: UUID) -> AutomationCore:
    """What an automation could not do, nobody would hear of. It is called otherwise than those it listens to: no loop."""
    given = {
        "automation": "{{ event.resource.name | default('an automation') }}",
        "reason": "{{ event.payload.reason | default('') }}",
    }
    return AutomationCore(
        name=FAILED_ACTION,
        description="Kept by `backout serve`. The run that it starts tells the application's channels.",
        trigger=EventTrigger(
            expect={"prefect.automation.action.failed"},
            match={"prefect.resource.name": ["Backout: *"]},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[RunDeployment(deployment_id=telling, parameters=given)],
    )
