"""An emergency as Prefect runs it: it ends at verified traffic, and its watch writes the report, once."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    FlowRunFilter,
    FlowRunFilterName,
)

from deployments.catalog import CATALOG, WORK_POOL
from deployments.register import register
from domain.outcomes import Outcome
from tests.deployments.rollbacks import Shop
from tests.deployments.served import wait_for


@contextmanager
def without_watches(shop: Shop) -> Iterator[None]:
    """Prefect knows no deployment of watches."""
    with shop.service.client() as client:
        client.delete_deployment(client.read_deployment_by_name("soak/soak").id)
        try:
            yield
        finally:
            asyncio.run(register([one for one in CATALOG if one.name == "soak"], WORK_POOL))


def assert_told_once(shop: Shop) -> None:
    """All that was put off is there, once."""
    moments = shop.moments()
    assert moments[:2] == ["switched", "ended"]
    assert len(set(moments)) == len(moments)
    assert [one["outcome"] for one in shop.scene.data("closed")] == [Outcome.ROLLED_BACK]
    assert len(shop.scene.data("preserved")) == 1
    [report] = Path(shop.scene.incident().report or "").parent.glob("report.md*")
    assert str(report) == shop.scene.incident().report
    assert shop.scene.incident().id in shop.scene.report()


def test_it_ends_before_evidence_and_report_which_its_watch_sees_to(shop: Shop) -> None:
    run = shop.start("emergency")
    said = shop.wait_state(run, "RolledBack")
    incident = shop.incident_of(run)
    assert f"soak-{incident.id}" in said
    wait_for(lambda: shop.has("watch started"), "the watch")
    kinds = shop.kinds()
    assert kinds.index("announced") < kinds.index("closed") < kinds.index("preserved")
    assert kinds.index("preserved") < kinds.index("reported") < kinds.index("watch started")
    assert_told_once(shop)
    assert {shop.scene.name, "rolled_back"} <= set(shop.read(run).tags)


@pytest.mark.full_matrix
def test_its_watch_killed_in_the_middle_is_started_again_and_ends_what_was_put_off(shop: Shop) -> None:
    run = shop.start("emergency")
    wait_for(lambda: shop.has("closed"), "the incident's end")
    incident = shop.incident_of(run).id
    with shop.scene.installation() as here, here.store.database.transaction() as connection:
        # No entry can be added to the journal: the watch stands where it is.
        connection.execute("SELECT 1 FROM incidents WHERE id = %s FOR UPDATE", [incident])
        watch, process = wait_for(lambda: shop.watch_of(incident), "the watch's process")
        shop.wait_state(watch, "Running")
        os.kill(process, signal.SIGKILL)
        shop.wait_state(watch, "Crashed", "AwaitingRetry", "Late", "Pending")
    wait_for(lambda: shop.has("watch started"), "the watch")
    assert "Crashed" in shop.history(watch)
    assert_told_once(shop)


@pytest.mark.full_matrix
def test_where_no_watch_can_be_started_it_does_all_of_it(shop: Shop) -> None:
    with without_watches(shop):
        run = shop.start("emergency")
        shop.wait_state(run, "RolledBack")
    assert any(one["act"] == "start the watch" for one in shop.scene.data("act failed"))
    assert_told_once(shop)


@pytest.mark.full_matrix
def test_the_command_says_the_outcome_and_then_where_the_report_is(shop: Shop) -> None:
    done = shop.run_command("rollback", shop.scene.name, "--runbook", "emergency", "--reason", "all is down")
    assert done.returncode == 0, done.stdout + done.stderr
    report = shop.scene.incident().report
    assert report is not None
    assert done.stdout.index("rolled_back") < done.stdout.index(f"report: {report}")


def follow_ups(shop: Shop, incident: str) -> dict[str, float]:
    """The scheduled follow-ups, and in how many hours after the incident's end each is due."""
    ended = shop.scene.incident().closed_at
    assert ended is not None
    with shop.service.client() as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(like_=incident)))
        return {
            one.name: round(
                (one.state.state_details.scheduled_time.timestamp() - ended.timestamp()) / 3600, 3
            )
            for one in runs
            if one.name.startswith("follow-up-") and one.state and one.state.state_details.scheduled_time
        }


def test_what_follows_is_scheduled_and_killed_in_its_look_it_tells_once(shop: Shop) -> None:
    incident = shop.incident_of(_watched(shop)).id
    assert follow_ups(shop, incident) == {
        f"follow-up-stability-{incident}": 1,
        f"follow-up-post-mortem-{incident}": 24,
        f"follow-up-redeployment-{incident}": 168,
    }
    Path(f"{shop.pause}.asked").unlink(missing_ok=True)
    shop.hold_verification()
    block = shop.api.application_block(shop.scene.name)
    given = {"application": block, "incident": incident, "step": "post-mortem"}
    run = shop.api.start("follow-up", given, tags=[])
    os.kill(shop.verifying_process(), signal.SIGKILL)
    shop.let_go()
    shop.wait_state(run, "FollowedUp")
    assert "Crashed" in shop.history(run)
    assert shop.moments().count("follow_up") == 1
    assert len(shop.scene.data("followed up")) == 1
    with shop.service.client() as client:
        wanted = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(like_=incident))
        known = {one.key for one in client.read_latest_artifacts(artifact_filter=wanted)}
    assert {f"checklist-{incident}", f"post-mortem-{incident}"} <= known


def _watched(shop: Shop) -> str:
    """A rollback whose watch has ended."""
    run = shop.start(severity="critical")
    shop.wait_state(run, "RolledBack")
    wait_for(lambda: shop.has("watch ended"), "the end of the watch")
    return run
