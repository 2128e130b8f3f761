import asyncio
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.sorting import AutomationSort
from prefect.events import Event, Resource
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.server.events.schemas.automations import EventTrigger as ServerTrigger

from deployments import event_refusal, events
from deployments import register as register_module
from deployments.automations import name_of, remove_others
from deployments.catalog import CATALOG, Catalogued
from deployments.prefect_api import PrefectApi
from deployments.register import EMERGENCY_QUEUE, SILENT_RUN, register
from domain.alert import Alert, Received
from domain.outcomes import ENDS
from tests.deployments.one_prefect.conftest import Start
from tests.deployments.serve_under_test import catalog
from tests.deployments.served import Served, wait_for


def test_a_deployment_says_what_it_is(client: SyncPrefectClient, served: Served) -> None:
    deployment = client.read_deployment_by_name(f"quick/{served.pool}-quick")
    assert deployment.enforce_parameter_schema
    assert deployment.description == "**quick**"
    assert deployment.entrypoint == "tests/deployments/flows_under_test.py:quick"
    assert deployment.work_pool_name == served.pool


def test_the_form_has_the_words_that_the_flow_gives(client: SyncPrefectClient, served: Served) -> None:
    schema = client.read_deployment_by_name(f"quick/{served.pool}-quick").parameter_openapi_schema
    assert schema is not None
    assert schema["required"] == ["folder"]
    assert schema["properties"]["folder"]["title"] == "Where"
    assert schema["properties"]["folder"]["description"] == "Where it says what it does."
    assert schema["properties"]["count"]["title"] == "count"


def test_an_emergency_has_a_queue_before_the_others(client: SyncPrefectClient, served: Served) -> None:
    deployment = client.read_deployment_by_name(f"quick/{served.pool}-urgent")
    assert deployment.work_queue_name == EMERGENCY_QUEUE
    assert "emergency" in deployment.tags


def test_registering_twice_changes_nothing(client: SyncPrefectClient, served: Served) -> None:
    before = client.read_deployment_by_name(f"quick/{served.pool}-quick")
    watching = _automations(client, SILENT_RUN)
    ids = asyncio.run(register(catalog(served.pool), served.pool))
    assert ids[f"{served.pool}-quick"] == before.id
    assert len(watching) == 1
    assert _automations(client, SILENT_RUN) == watching, "an update would forget the runs it waits for"


@pytest.mark.parametrize(
    "state", ["Completed", "Suspended", *(end.state_name for end in ENDS.values()), "Stable"]
)
def test_a_run_that_says_anything_is_not_silent(state: str) -> None:
    silent = ServerTrigger.model_validate(register_module._silent_run().trigger.model_dump(mode="json"))
    assert silent.expects(f"prefect.flow-run.{state}")


def test_nobody_is_told_of_a_beat_that_came_after_its_runs_end() -> None:
    """Telling is a short run too, whose beat may come late: it would go on for ever."""
    telling = register_module._failed_action(uuid.uuid4()).trigger
    heard = ResourceSpecification.model_validate(telling.model_dump(mode="json")["match"])
    named = {"prefect.resource.id": "prefect.automation.x", "prefect.resource.name": SILENT_RUN}
    assert not heard.matches(Resource(named))
    assert heard.matches(Resource({**named, "prefect.resource.name": name_of("shop/production")}))


def _automations(client: SyncPrefectClient, name: str) -> list[dict[str, Any]]:
    response = client._client.post("/automations/filter", json={})
    return [found for found in response.json() if found["name"] == name]


def test_an_event_that_prefect_never_takes_is_known_from_one_that_it_does(served: Served) -> None:
    alert = Alert(sender="a test", name="Broken", fingerprint="f", started_at=datetime.now(UTC))
    good = events.of_unknown(Received(alert=alert, problem="nobody's"))
    bad = {**good, "id": str(uuid.uuid4()), "resource": {"prefect.resource.name": "no id"}}
    with PrefectApi.find(served.home) as api:
        api.emit_all([])
        assert list(event_refusal.emit(api, [bad, good])) == [bad["id"]]
        wait_for(lambda: api.count_events(events.ALERT_UNKNOWN) == 1, "the event")


def test_automations_are_given_from_any_place_on(client: SyncPrefectClient, served: Served) -> None:
    assert served.pool
    known = client.read_automations(sort=AutomationSort.NAME_ASC)
    assert client.read_automations(sort=AutomationSort.NAME_ASC, offset=1) == known[1:]
    remove_others(client, "nobody/production", set())
    assert client.read_automations(sort=AutomationSort.NAME_ASC) == known


def test_what_is_no_flow_is_refused(client: SyncPrefectClient, served: Served) -> None:
    assert client.hello().status_code == 200
    wrong = Catalogued("wrong", "tests.deployments.flows_under_test:say", "no flow")
    with pytest.raises(
        TypeError, match="flows_under_test:say, named by deployment 'wrong', is not a Prefect flow"
    ):
        asyncio.run(register([wrong], served.pool))


def test_an_event_starts_a_run_through_an_automation(
    client: SyncPrefectClient, served: Served, tmp_path: Path, start: Start
) -> None:
    start("quick").wait_state("Completed")
    deployment = client.read_deployment_by_name(f"quick/{served.pool}-quick")
    action = RunDeployment(deployment_id=deployment.id, parameters={"folder": "{{ event.payload.folder }}"})
    trigger = EventTrigger(expect={"test.alert"}, posture=Posture.Reactive, threshold=1, match={})
    automation = AutomationCore(name="test alert", trigger=trigger, actions=[action])
    client._client.post("/automations/", json=automation.model_dump(mode="json")).raise_for_status()
    event = Event(
        event="test.alert",
        resource=Resource({"prefect.resource.id": "test.alert"}),
        payload={"folder": str(tmp_path)},
    )
    said = tmp_path / "said"

    def heard() -> bool:
        client._client.post("/events", json=[event.model_dump(mode="json")]).raise_for_status()
        return said.exists()

    sent = time.time()
    wait_for(heard, "the run that the event starts")
    print(f"event to first line: {float(said.read_text().split()[0]) - sent:.2f} s")  # noqa: T201 - measured, not asserted


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)
def test_each_deployment_tells_what_a_tired_person_needs(entry: Catalogued) -> None:
    for answer in ("**It asks**", "**It never**"):
        assert answer in entry.description
