"""`backout deploy` on blue and green Deployments of the real cluster: the idle colour gets the image, then traffic by pods."""

import os
import signal
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from blocks.kubernetes.cluster import STRATEGIC, Cluster
from blocks.platforms.kubernetes_blue_green import KubernetesBlueGreen
from domain.outcomes import Outcome
from examples.demo.tally import Window
from examples.faults.contract import Fault
from examples.faults.switch import PLACE, asking_for
from examples.jarvis import release as releases
from examples.jarvis.deploying import BLUE_GREEN
from examples.jarvis.release import Version
from examples.jarvis.stack import NEW, OLD, build_version
from flows.path import go_forward, take_back
from tests.blocks.waiting import wait_until
from tests.flows.killing import Runs
from tests.forked import KILLED, exit_code
from tests.systems import deploys
from tests.systems.deploys import QUICK, after_all_traffic, at_share, deploy_of, deployed_under_load
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import Jarvis

pytestmark = pytest.mark.cluster
NUMBERS = count(1)
LONG_S = 600
LOOKS = 6
PATIENCE_S = 180


@pytest.fixture
def scene(standing: Jarvis, tmp_path: Path) -> JarvisScene:
    """Blue serves v1.1.0, green holds v1.0.0 and has no pods: kube-proxy may lead to such that go a while longer."""
    stack = standing.stack
    stack.start_blue_green()
    stack.give_traffic_to("blue")
    stack.kubectl.run("scale", "deployment", "jarvis-api-green", "--replicas=0")
    of_green = ("get", "pods", "--selector", "app=jarvis-api-live,color=green")
    wait_until(lambda: not stack.kubectl.json(*of_green)["items"], "green's pods to go", PATIENCE_S)
    made = JarvisScene(standing, tmp_path, BLUE_GREEN)
    made.raw["deploy"] = {**made.raw["deploy"], **QUICK, "backup": False, "steps": [25, 100]}
    wait_until(lambda: alone(made, NEW.name), "v1.1.0 alone to answer", PATIENCE_S)
    return made


@pytest.fixture
def release(scene: JarvisScene) -> Version:
    """One whose image a CI built."""
    built = Version(f"v4.{next(NUMBERS)}.0")
    build_version(scene.stack.settings["image"], built)
    return built


def alone(scene: JarvisScene, version: str) -> bool:
    """Whether users get this version from all pods: each request is a connection of its own."""
    return all(scene.stack.about(scene.stack.live_address)["version"] == version for _ in range(LOOKS))


def deployed(scene: JarvisScene, release: Version) -> tuple[Outcome | None, Window]:
    """How its deploy ended, and what users had meanwhile."""
    return deployed_under_load(scene, release.name, f"{scene.stack.live_address}/api/dashboard", rate=20)


def spoil(scene: JarvisScene, fault: Fault) -> None:
    """Green's pods have this fault from now on."""
    kubectl, content = scene.stack.kubectl, asking_for(fault, time.time() + LONG_S)
    pods = kubectl.json("get", "pods", "--selector", "app=jarvis-api-live,color=green")["items"]
    write = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    for pod in pods:
        if "deletionTimestamp" not in pod["metadata"]:
            name = pod["metadata"]["name"]
            kubectl.run("exec", name, "--", "/usr/bin/python3", "-c", write, PLACE, content)


def ends_whole(scene: JarvisScene, outcome: Outcome | None, release: Version) -> None:
    """All traffic on one release, and users get it."""
    assert outcome in (Outcome.DEPLOYED, Outcome.WENT_BACK, Outcome.HELD), scene.why()
    slot, version = ("green", release) if outcome is Outcome.DEPLOYED else ("blue", NEW)
    assert scene.platform.route().served == {slot: 100}
    assert scene.platform.slot(slot).version == version.name
    wait_until(lambda: alone(scene, version.name), f"{version.name} alone to answer", PATIENCE_S)


def steps(scene: JarvisScene) -> list[int]:
    """The shares that green was given."""
    return [row["shares"]["green"] for row in scene.data("shifted")]


def test_a_good_release_takes_all_traffic_and_can_be_gone_back_from(
    scene: JarvisScene, release: Version
) -> None:
    outcome, counted = deployed(scene, release)
    assert outcome is Outcome.DEPLOYED, scene.why()
    assert steps(scene) == [25, 100]
    ends_whole(scene, outcome, release)
    assert counted.errors == 0, counted.document()
    # Connections that are kept open end with the pods that go where a share needs fewer of them, and kube-proxy follows later.
    assert counted.lost.total() < counted.requests / 10, counted.document()
    assert scene.platform.slot("blue").running

    assert scene.walk(take_back, "second") is Outcome.ROLLED_BACK, scene.why()
    ends_whole(scene, Outcome.WENT_BACK, release)


@pytest.mark.full_matrix
def test_errors_at_the_first_step_take_all_traffic_back(
    scene: JarvisScene, release: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_share(monkeypatch, 25, lambda: spoil(scene, Fault.ERRORS))
    outcome, counted = deployed(scene, release)
    assert outcome is Outcome.WENT_BACK, scene.why()
    assert steps(scene) == [25]
    assert "failed" in scene.data("judged")[-1]["said"]
    ends_whole(scene, outcome, release)
    assert counted.lost.total() < counted.requests / 10, counted.document()
    assert counted.errors < counted.requests, counted.document()


@pytest.mark.full_matrix
def test_latency_at_half_the_traffic_takes_it_back(
    scene: JarvisScene, release: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.raw["deploy"] = {**scene.raw["deploy"], "steps": [25, 50, 100], "requests": 5}
    at_share(monkeypatch, 50, lambda: spoil(scene, Fault.LATENCY))
    outcome, counted = deployed(scene, release)
    assert outcome is Outcome.WENT_BACK, scene.why()
    assert steps(scene) == [25, 50]
    ends_whole(scene, outcome, release)
    assert counted.errors == 0, counted.document()


@pytest.mark.full_matrix
def test_pods_that_fail_after_all_traffic_give_it_back(
    scene: JarvisScene, release: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.raw["deploy"] = {**scene.raw["deploy"], "watch_s": LONG_S}
    after_all_traffic(monkeypatch, lambda: spoil(scene, Fault.FAILING_HEALTH))
    outcome, counted = deployed(scene, release)
    assert outcome is Outcome.WENT_BACK, scene.why()
    assert steps(scene)[-1] == 100
    ends_whole(scene, outcome, release)
    assert counted.requests > counted.lost.total(), counted.document()


@pytest.mark.full_matrix
@pytest.mark.parametrize("fault", [releases.CRASH, releases.READINESS, releases.ERRORS])
def test_what_is_bad_in_its_colour_gets_no_traffic(scene: JarvisScene, fault: str) -> None:
    bad = Version(f"v5.0.0-{fault}", fault)
    build_version(scene.stack.settings["image"], bad)
    scene.raw["platform"] = {**scene.raw["platform"], "start_timeout_s": 15, "stalled_s": 5}
    outcome, counted = deployed(scene, bad)
    assert outcome is Outcome.HELD, scene.why()
    assert (counted.lost.total(), counted.errors) == (0, 0), counted.document()
    ends_whole(scene, outcome, bad)


@pytest.mark.full_matrix
def test_a_release_that_nobody_built_is_held(scene: JarvisScene) -> None:
    nowhere = Version("v9.9.9")
    scene.raw["platform"] = {**scene.raw["platform"], "start_timeout_s": 15, "stalled_s": 5}
    assert scene.walk(go_forward, **deploy_of(nowhere.name)) is Outcome.HELD, scene.why()
    assert ":v9.9.9" in scene.why()
    ends_whole(scene, Outcome.HELD, nowhere)


POINTS = [
    "before install", "after install", "before note installed", "before shift traffic", "before note shifted", "after note shifted",
    "before shift traffic 2", "after shift traffic 2", "before note switched", "after note switched", "before verify",
    "after verify",
]  # fmt: skip
SHARED_OUT = [
    "before shift traffic", "before note shifted", "after note shifted", "before shift traffic 2",
]  # fmt: skip
"""By the journal it was to have a share, and has not all: nobody looked at it since the run was killed. Elsewhere it goes on."""


@pytest.mark.full_matrix
@pytest.mark.parametrize("point", POINTS)
def test_killed_it_ends_fully_new_or_fully_old(
    scene: JarvisScene, release: Version, tmp_path: Path, point: str
) -> None:
    runs = Runs(deploys.asking_for(scene, release.name), go_forward, tmp_path)
    runs.start(dies_at=point)
    runs.start()
    ended = scene.incident().outcome
    ends_whole(scene, ended, release)
    assert ended is (Outcome.WENT_BACK if point in SHARED_OUT else Outcome.DEPLOYED), scene.why()


@pytest.mark.full_matrix
@pytest.mark.parametrize("when", ["before the change", "before the pods are scaled"])
def test_killed_while_the_colour_is_filled(scene: JarvisScene, release: Version, when: str) -> None:
    assert exit_code(lambda: _dies_in_install(scene, release, when)) == KILLED
    held = OLD if when == "before the change" else release
    assert scene.platform.slot("green").version == held.name
    assert scene.walk(go_forward, **deploy_of(release.name)) is Outcome.DEPLOYED, scene.why()
    ends_whole(scene, Outcome.DEPLOYED, release)


def _dies_in_install(scene: JarvisScene, release: Version, when: str) -> None:
    patched = Cluster.patch

    def dies(*_arguments: Any, **_more: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def dies_at_the_template(cluster: Cluster, resource: Any, name: str, change: Any, *how: Any) -> Any:
        if STRATEGIC in how:
            dies()
        return patched(cluster, resource, name, change, *how)

    with pytest.MonkeyPatch.context() as patch:
        if when == "before the change":
            patch.setattr(Cluster, "patch", dies_at_the_template)
        else:
            patch.setattr(KubernetesBlueGreen, "_scale_up", dies)
        scene.walk(go_forward, **deploy_of(release.name))
