"""Releases whose pods never come up, and one that is slow: what is kept as evidence, and the way back from each."""

from datetime import datetime

import pytest

from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.cli.record import record
from deployments.watch_record import WatchRecord
from deployments.watched import Watched
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from examples.jarvis.release import CRASH, IMAGE, READINESS, SLOW, Version
from flows.failed_deployment import collect_and_take_back
from flows.path import take_back, take_back_now
from tasks.assess import releases_of
from tasks.survey import survey
from tests.blocks.waiting import wait_until
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import Jarvis

pytestmark = pytest.mark.cluster


def _all_well(jarvis: Jarvis) -> None:
    assert jarvis.version() == "v1.1.0"
    jarvis.answers_as("v1.1.0")
    assert jarvis.deployment()["status"]["readyReplicas"] == jarvis.stack.settings["replicas"]


@pytest.mark.full_matrix
def test_an_image_that_does_not_exist(jarvis: Jarvis, scene: JarvisScene) -> None:
    scene.deploy(Version("v1.3.0", IMAGE))
    assert scene.walk(take_back_now) is Outcome.ROLLED_BACK, scene.why()
    _all_well(jarvis)


def test_a_crash_loop_is_collected_before_anybody_is_told_and_then_undone(
    jarvis: Jarvis, scene: JarvisScene
) -> None:
    _deploy_what_crashes(jarvis, "v1.4.0")
    scene.record("v1.4.0")
    assert scene.walk(collect_and_take_back) is Outcome.ROLLED_BACK, scene.why()
    _all_well(jarvis)
    assert "no module named 'jarvis.planner'" in scene.evidence("*.txt") + scene.evidence("*.log")
    happened = scene.happened()
    assert happened.count(Happened.PRESERVED) == 1
    assert happened.index(Happened.PRESERVED) < happened.index(Happened.ANNOUNCED)


def test_a_crash_loop_has_not_served_whoever_looks_at_it(
    jarvis: Jarvis, scene: JarvisScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Deployment asks for it, and users get answers: those of the pods of before."""
    monkeypatch.setenv("BACKOUT_HOME", str(jarvis.home.root))
    _deploy_what_crashes(jarvis, "v1.9.0")
    with scene.installation() as here:
        applied = Applied(scene.name, scene.raw, "digest", "a test")
        configurations.keep(here.store.database, applied, "ann")
        record(scene.name, "v1.9.0")
        assert _served_since(here, scene, "v1.9.0") is None
        Watched(scene.document, "digest", WatchRecord(here)).look(here)
        assert _served_since(here, scene, "v1.9.0") is None
        survey(scene.case(here))
        assert scene.data(Happened.SURVEYED)[0]["survey"]["serving"] == "v1.9.0"
        assert _served_since(here, scene, "v1.9.0") is None
        assert _served_since(here, scene, "v1.1.0") is not None


@pytest.mark.full_matrix
def test_pods_that_never_get_ready(jarvis: Jarvis, scene: JarvisScene) -> None:
    scene.deploy(Version("v1.5.0", READINESS))
    jarvis.answers_as("v1.1.0")
    assert scene.walk(take_back) is Outcome.ROLLED_BACK, scene.why()
    _all_well(jarvis)


@pytest.mark.full_matrix
def test_a_slow_release(jarvis: Jarvis, scene: JarvisScene) -> None:
    scene.deploy(Version("v1.6.0", SLOW))
    assert scene.walk(take_back) is Outcome.ROLLED_BACK, scene.why()
    _all_well(jarvis)
    assert "v1.6.0" in scene.report()


@pytest.mark.full_matrix
def test_there_is_no_way_to_a_release_that_does_not_come_up(jarvis: Jarvis, scene: JarvisScene) -> None:
    scene.deploy(Version("v1.7.0", CRASH))
    jarvis.stack.kubectl.run("rollout", "undo", "deployment/jarvis-api")
    jarvis.stack.kubectl.rolled_out("jarvis-api")
    assert scene.walk(take_back, to="v1.7.0") in (Outcome.HELD, Outcome.WENT_BACK), scene.why()
    _all_well(jarvis)


def _deploy_what_crashes(jarvis: Jarvis, version: str) -> None:
    before = jarvis.pods()
    jarvis.stack.deploy(Version(version, CRASH), wait=False)
    wait_until(lambda: _crashed(jarvis, before), "the new pods to crash", 60)


def _served_since(here: Installation, scene: JarvisScene, version: str) -> datetime | None:
    """When it was seen to serve, by the cluster's history and Backout's record together."""
    [found] = [one for one in releases_of(here.store, scene.document) if one.version == version]
    return found.served_since


def _crashed(jarvis: Jarvis, before: set[str]) -> bool:
    found = jarvis.stack.kubectl.json("get", "pods", "--selector", "app=jarvis-api")["items"]
    new = [one for one in found if one["metadata"]["name"] not in before]
    return any(state["restartCount"] for one in new for state in one["status"].get("containerStatuses", []))
