"""After a deploy that ended well, as Prefect runs it: its watch takes it back, and what it left is stopped when that is due."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.states import Scheduled

from tests.deployments.rollbacks import Service, Shop
from tests.deployments.served import wait_for
from tests.flows.deploy_stage import NEW, DeployScene, DeployStage
from tests.flows.stage import answers

pytestmark = pytest.mark.full_matrix
Deployed = Callable[[int], Shop]
LONG_S, SHORT_S = 600, 1


@pytest.fixture
def deployed(service: Service, tenths: DeployStage, tmp_path: Path) -> Iterator[Deployed]:
    """Gives a shop whose 3.0 has just got all traffic, and is watched for so many seconds; 2.0 is still up in blue."""
    opened: list[Shop] = []

    def one(watch_s: int) -> Shop:
        made = Shop(service, tenths.deploy_scene(tmp_path), tmp_path)
        opened.append(made)
        made.apply({"watch_s": watch_s})
        made.wait_state(made.start("deploy", release=NEW), "Deployed")
        assert tenths.shares() == {"green": 100}
        return made

    yield one
    for made in opened:
        made.api.close()
    tenths.platform.prepare("blue", answers)


def up(tenths: DeployStage) -> dict[str, bool]:
    return {slot.name: slot.running for slot in tenths.platform.slots()}


def decommission(shop: Shop) -> FlowRun:
    """The run that is to stop blue, once the watch has seen 3.0 serve well."""
    deploy = shop.scene.incident().id
    shop.wait_state(str(shop.keyed(f"soak-{deploy}").id), "Stable")
    return shop.keyed(f"decommission-{deploy}")


def bring_forward(shop: Shop, run: FlowRun) -> None:
    """As a person does who sets its time to now."""
    with shop.service.client() as client:
        client.set_flow_run_state(run.id, Scheduled(), force=True)


def ready(shop: Shop) -> dict[str, Any]:
    """`backout ready` of the slot that is gone back to."""
    seen = json.loads(shop.run_command("ready", shop.scene.name, "--json").stdout)
    [slot] = [check for check in seen["checks"] if check["check"] == "slot"]
    return dict(slot)


def test_a_release_that_goes_bad_while_it_is_watched_is_taken_back_by_its_watch(
    deployed: Deployed, tenths: DeployStage
) -> None:
    shop = deployed(LONG_S)
    scene = shop.scene
    assert isinstance(scene, DeployScene)
    deploy = scene.incident().id
    scene.fault("unhealthy")
    said = shop.wait_state(str(shop.keyed(f"soak-{deploy}").id), "Trouble")
    assert "the rollback is started" in said
    back = str(shop.keyed(f"back-{deploy}").id)
    shop.wait_state(back, "RolledBack")
    assert (tenths.shares(), up(tenths)) == ({"blue": 100}, {"blue": True, "green": True})
    incident = shop.incident_of(back)
    request = incident.request
    assert (request.runbook, request.via, request.issue) == ("rollback", "automation", "health-check-failure")
    assert request.reason.startswith(f"the watch after deploy {deploy} saw in 3 looks in a row: health:")
    assert [finding.name for finding in request.detection] == ["health"] * 3
    assert scene.quarantined() == incident.id


def test_its_watch_killed_in_the_middle_is_started_again_and_takes_it_back(
    deployed: Deployed, tenths: DeployStage
) -> None:
    shop = deployed(LONG_S)
    assert isinstance(shop.scene, DeployScene)
    deploy = shop.scene.incident().id
    wait_for(lambda: shop.has("watch started"), "the watch")
    watch = str(shop.keyed(f"soak-{deploy}").id)
    shop.kill_process_of(watch)
    shop.scene.fault("unhealthy")
    shop.wait_state(watch, "Trouble")
    assert "Crashed" in shop.history(watch)
    shop.wait_state(str(shop.keyed(f"back-{deploy}").id), "RolledBack")
    assert tenths.shares() == {"blue": 100}
    with shop.scene.installation() as here:
        assert [entry.kind for entry in here.store.entries(deploy)].count("watch started") == 1


def test_killed_right_after_it_stopped_the_slot_the_worker_starts_it_again_and_it_tells_once(
    deployed: Deployed, tenths: DeployStage
) -> None:
    shop = deployed(SHORT_S)
    due, deploy = decommission(shop), shop.scene.incident().id
    with shop.scene.installation() as here, here.store.database.transaction() as connection:
        # No entry can be added to the journal: it stands right behind the stop.
        connection.execute("SELECT 1 FROM incidents WHERE id = %s FOR UPDATE", [deploy])
        bring_forward(shop, due)
        wait_for(lambda: not up(tenths)["blue"], f"the stop; {shop.service.output()}")
        shop.kill_process_of(str(due.id))
        shop.wait_state(str(due.id), "Crashed", "AwaitingRetry", "Late", "Pending", "Running")
    assert "2.0 in blue was stopped" in shop.wait_state(str(due.id), "Decommissioned")
    assert "Crashed" in shop.history(str(due.id))
    assert (up(tenths), tenths.shares()) == ({"blue": False, "green": True}, {"green": 100})
    assert len(shop.scene.data("decommissioned")) == 1
    assert shop.moments().count("follow_up") == 1


def test_the_slot_that_it_left_is_stopped_when_due_and_a_rollback_starts_it_again(
    deployed: Deployed, tenths: DeployStage
) -> None:
    shop = deployed(SHORT_S)
    due, closed = decommission(shop), shop.scene.incident().closed_at
    assert closed is not None
    assert (due.state_name, due.expected_start_time) == ("Scheduled", closed + timedelta(hours=48))
    assert up(tenths) == {"blue": True, "green": True}
    assert "is healthy" in ready(shop)["said"]
    bring_forward(shop, due)
    assert "2.0 in blue was stopped" in shop.wait_state(str(due.id), "Decommissioned")
    assert (up(tenths), tenths.shares()) == ({"blue": False, "green": True}, {"green": 100})
    seen = ready(shop)
    assert (seen["verdict"], "is down and can be started" in seen["said"]) == ("ok", True), seen
    shop.wait_state(shop.start(severity="critical"), "RolledBack")
    assert (up(tenths), tenths.shares()) == ({"blue": True, "green": True}, {"blue": 100})


def test_after_a_rollback_in_between_it_stops_nothing(deployed: Deployed, tenths: DeployStage) -> None:
    shop = deployed(SHORT_S)
    due = decommission(shop)
    shop.wait_state(shop.start(severity="critical"), "RolledBack")
    bring_forward(shop, due)
    said = shop.wait_state(str(due.id), "Kept")
    assert "2.0 in blue stays up: a newer incident or release came after this deploy" in said
    assert (up(tenths), tenths.shares()) == ({"blue": True, "green": True}, {"blue": 100})
