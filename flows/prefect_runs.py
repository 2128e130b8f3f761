"""Runs that a run starts or wakes: the deadline, the watch, a request that was superseded."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from domain.consent import NOBODY


def start_later(deployment: str, parameters: dict[str, Any], at: datetime | None, key: str) -> str:
    """Schedule a run of one of Backout's deployments, once a key, which is also its name; its id."""
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(f"{deployment}/{deployment}")
        run = client.create_flow_run_from_deployment(
            found.id,
            parameters=parameters,
            state=Scheduled(scheduled_time=at) if at else None,
            idempotency_key=key,
            name=key,
        )
        return str(run.id)


def label(run: str, *tags: str) -> None:
    """Add tags to a run, so that people find it by application and outcome. One that is not Prefect's is passed over."""
    with suppress(ValueError, ObjectNotFound), get_client(sync_client=True) as client:
        known = client.read_flow_run(UUID(run)).tags
        client.update_flow_run(UUID(run), tags=sorted({*known, *tags}))


def wake(run: str, why: str) -> bool:
    """Start a suspended run again, so that it looks where it stands; False where it does not wait any more."""
    with get_client(sync_client=True) as client:
        return _resume(client, UUID(run), {"decision": "reject", "your_name": NOBODY, "reason": why})


def _resume(client: SyncPrefectClient, run: UUID, answer: dict[str, Any]) -> bool:
    try:
        found = client.read_flow_run(run)
    except ObjectNotFound:
        return False
    if found.state is None or not found.state.is_paused():
        return False
    client.resume_flow_run(run, run_input=answer)
    return True
