"""Prefect's own process worker beside `serve`, for the runs of one application."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.context import refresh_global_settings_context
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore

from benchmarks.scene import CHECKOUT, STOP_SECONDS, Scene
from benchmarks.shops import Shop
from deployments.automations import name_of
from deployments.prefect_environment import client_environment
from domain.reaction import Reaction
from examples.demo.waiting import wait_until

POOL = "stock"
RUNBOOK = "rollback"
ENTRYPOINT = "flows/rollback.py:rollback"


@contextmanager
def stock_worker(here: Scene, shop: Shop) -> Iterator[None]:
    """While the block runs, this application's automation starts runs that the stock worker executes."""
    # The scene puts the environment back as it was; what is started here inherits it.
    os.environ.update(client_environment(here.here.home, here.api.url))
    refresh_global_settings_context()
    log = here.stack.folder / "stock-worker.log"
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        _redirect(client, shop, _deployment(client))
    with log.open("wb") as output:
        argv = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"]
        process = subprocess.Popen(argv, cwd=CHECKOUT, stdout=output, stderr=output)
    try:
        wait_until(lambda: b"started" in log.read_bytes(), "the stock worker", 60)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # It waits for its runs; what was measured is measured.
            process.kill()
            process.wait()


def _deployment(client: SyncPrefectClient) -> UUID:
    """The runbook once more, for the stock worker, as `prefect.yaml` describes it."""
    warm = client.read_deployment_by_name(f"{RUNBOOK}/{RUNBOOK}")
    return client.create_deployment(
        warm.flow_id,
        POOL,
        work_pool_name=POOL,
        path=str(CHECKOUT),
        entrypoint=ENTRYPOINT,
        parameter_openapi_schema=warm.parameter_openapi_schema,
        enforce_parameter_schema=False,
    )


def _redirect(client: SyncPrefectClient, shop: Shop, deployment: UUID) -> None:
    """Point the application's automation at another deployment, as a person can in the UI."""
    [automation] = client.read_automations_by_name(name_of(shop.name, Reaction.START, RUNBOOK))
    [action] = automation.actions
    if not isinstance(action, RunDeployment):
        raise TypeError(f"the automation does {action.type}, and starts nothing")
    changed = action.model_copy(update={"deployment_id": deployment})
    kept = automation.model_dump(include={"name", "description", "tags", "trigger"})
    client.update_automation(automation.id, AutomationCore(**kept, actions=[changed]))
