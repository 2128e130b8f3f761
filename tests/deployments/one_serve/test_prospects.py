"""What keeps Prefect from starting a run keeps its acts from going ahead: on a real Prefect, with real automations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import Automation, AutomationCore

from deployments.automations import name_of
from deployments.catalog import WORK_POOL
from deployments.prefect_api import PrefectApi
from deployments.prospects import Start, prospects
from flows.rollback import rollback
from tests.deployments.rollbacks import Service, Shop
from tests.flows.stage import Stage

QUEUE = f"/work_pools/{WORK_POOL}/queues/default"
POOL = f"/work_pools/{WORK_POOL}"


@pytest.fixture
def applied(service: Service, slots: Stage, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(service, slots.scene(tmp_path), tmp_path)
    shop.apply({})
    yield shop
    shop.api.close()


@pytest.fixture
def client(service: Service) -> Iterator[SyncPrefectClient]:
    with service.client() as client:
        yield client


def start_of(shop: Shop, runbook: str = "rollback") -> Start:
    said = {"detection": "d1", "issue": "service-outage", "reason": "it is down", "asked_by": "grafana"}
    return Start(shop.scene.name, runbook, said)


def found(shop: Shop) -> int:
    return len(prospects(shop.api, WORK_POOL, [start_of(shop)]))


def automation(client: SyncPrefectClient, shop: Shop) -> Automation:
    [known] = client.read_automations_by_name(name_of(shop.scene.name))
    return known


def test_a_run_is_given_what_the_automation_gives_it(applied: Shop) -> None:
    [prospect] = prospects(applied.api, WORK_POOL, [start_of(applied)])
    assert prospect.flow is rollback
    assert prospect.application.name == applied.scene.name
    assert prospect.application.digest
    assert dict(prospect.parameters) == {
        "issue": "service-outage", "reason": "it is down", "detection": "d1", "asked_by": "grafana",
        "via": "automation",
    }  # fmt: skip


def test_those_of_several_applications_are_found_together_and_what_nobody_applied_is_not(
    applied: Shop, slots: Stage, tmp_path: Path
) -> None:
    second = Shop(applied.service, slots.scene(tmp_path), tmp_path)
    second.apply({})
    asked = [start_of(applied), start_of(second), Start("shop/nobody", "rollback", {"detection": "d"})]
    names = {one.application.name for one in prospects(applied.api, WORK_POOL, asked)}
    assert names == {applied.scene.name, second.scene.name}
    second.api.close()


def test_a_runbook_that_no_automation_of_its_own_starts_does_not_go_ahead(applied: Shop) -> None:
    assert prospects(applied.api, WORK_POOL, [start_of(applied, "service-outage")]) == []


def test_runs_of_another_pool_do_not_go_ahead_here(applied: Shop) -> None:
    assert prospects(applied.api, "another", [start_of(applied)]) == []


def _off(known: AutomationCore) -> dict[str, Any]:
    return {"enabled": not known.enabled}


def _another_reason(known: AutomationCore) -> dict[str, Any]:
    return _with_parameters(known, reason="a person wrote this")


def _one_more(known: AutomationCore) -> dict[str, Any]:
    return _with_parameters(known, dry_run=True)


def _another_application(known: AutomationCore) -> dict[str, Any]:
    return _with_parameters(known, application="shop/production")


def _narrower(known: AutomationCore) -> dict[str, Any]:
    assert known.trigger.type == "event"
    return {"trigger": known.trigger.model_copy(update={"threshold": 2})}


def _later(known: AutomationCore) -> dict[str, Any]:
    return {"actions": [known.actions[0].model_copy(update={"schedule_after": timedelta(minutes=1)})]}


def _twice(known: AutomationCore) -> dict[str, Any]:
    return {"actions": [*known.actions, *known.actions]}


def _with_parameters(known: AutomationCore, **changes: Any) -> dict[str, Any]:
    [action] = known.actions
    assert isinstance(action, RunDeployment)
    return {"actions": [action.model_copy(update={"parameters": {**(action.parameters or {}), **changes}})]}


@pytest.mark.parametrize(
    "edit", [_off, _another_reason, _one_more, _another_application, _narrower, _later, _twice]
)
def test_an_automation_that_somebody_edited_is_for_prefect_alone(
    applied: Shop, client: SyncPrefectClient, edit: Callable[[AutomationCore], dict[str, Any]]
) -> None:
    known = automation(client, applied)
    assert found(applied) == 1
    fields = {name: getattr(known, name) for name in AutomationCore.model_fields if name != "owner_resource"}
    client.update_automation(known.id, AutomationCore(**fields | edit(known)))
    assert found(applied) == 0


@contextmanager
def patched(api: PrefectApi, path: str, **changes: Any) -> Iterator[None]:
    """Something of Prefect's that all applications share, changed for the block."""
    before = api.call("GET", path)
    api.call("PATCH", path, changes)
    try:
        yield
    finally:
        api.call("PATCH", path, {name: before[name] for name in changes})


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (POOL, {"is_paused": True}),
        (POOL, {"concurrency_limit": 1}),
        (QUEUE, {"is_paused": True}),
        (QUEUE, {"concurrency_limit": 1}),
    ],
)
def test_a_pool_or_queue_that_holds_runs_back_holds_their_acts_back(
    applied: Shop, path: str, changes: dict[str, Any]
) -> None:
    with patched(applied.api, path, **changes):
        assert found(applied) == 0
    assert found(applied) == 1


@pytest.mark.parametrize("changes", [{"paused": True}, {"concurrency_limit": 1}])
def test_so_does_the_deployment(applied: Shop, client: SyncPrefectClient, changes: dict[str, Any]) -> None:
    deployment = UUID(applied.api.call("GET", "/deployments/name/rollback/rollback")["id"])
    client.update_deployment(deployment, DeploymentUpdate(**changes))
    try:
        assert found(applied) == 0
    finally:
        client.update_deployment(deployment, DeploymentUpdate(paused=False, concurrency_limit=None))
    assert found(applied) == 1
