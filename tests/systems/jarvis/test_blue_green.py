"""The runbook's "Option C: Blue-Green Rollback": the colour of before, scaled up first, gets the Service's traffic."""

import os
import signal
from pathlib import Path

import pytest

from blocks.kubernetes.traffic import Traffic
from blocks.platforms.kubernetes_blue_green import KubernetesBlueGreen
from blocks.routers.kubernetes_service import KubernetesService
from domain.outcomes import Outcome
from examples.demo.load import Load
from examples.jarvis.deploying import BLUE_GREEN, deploy_to_idle
from examples.jarvis.release import ERRORS, READINESS, Version
from examples.jarvis.stack import NEW
from flows.path import take_back, take_back_now
from tests.blocks.waiting import wait_until
from tests.forked import KILLED, exit_code
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import Jarvis

pytestmark = pytest.mark.cluster
BLUE, GREEN = "jarvis-api-blue", "jarvis-api-green"


@pytest.fixture(scope="module")
def coloured(standing: Jarvis) -> Jarvis:
    """Both colours stand."""
    standing.stack.start_blue_green()
    return standing


@pytest.fixture
def colors(coloured: Jarvis, tmp_path: Path) -> JarvisScene:
    """v1.2.0 went into green and got the traffic; blue holds v1.1.0."""
    stack = coloured.stack
    stack.kubectl.apply([stack.release(NEW).colored("blue")])
    stack.kubectl.rolled_out(BLUE)
    stack.give_traffic_to("blue")
    return JarvisScene(coloured, tmp_path, BLUE_GREEN)


def _deploy(scene: JarvisScene, version: Version) -> None:
    assert deploy_to_idle(scene.stack, version) == "green"
    scene.record(version.name)


def _version(scene: JarvisScene) -> str:
    return str(scene.stack.about(scene.stack.live_address)["version"])


def test_traffic_goes_back_to_the_colour_of_before(colors: JarvisScene) -> None:
    _deploy(colors, Version("v1.2.0", ERRORS))
    wait_until(lambda: _version(colors) == "v1.2.0", "kube-proxy to follow", 60)
    colors.stack.kubectl.run("scale", "deployment", BLUE, "--replicas=0")
    load = Load(f"{colors.stack.live_address}/health", clients=2, rate=20).start()
    outcome = colors.walk(take_back_now)
    tally = load.stop().total
    assert outcome is Outcome.ROLLED_BACK, colors.why()
    assert colors.stack.live_color() == "blue"
    assert _version(colors) == "v1.1.0"
    assert tally.lost.total() == 0, tally.lost
    assert colors.jarvis.deployment(BLUE)["spec"]["replicas"] == colors.stack.settings["replicas"]

    assert colors.walk(take_back, "second") is Outcome.NOTHING_TO_DO, colors.why()


def test_a_colour_whose_pods_are_not_ready_gets_no_traffic(colors: JarvisScene) -> None:
    stack = colors.stack
    _deploy(colors, Version("v1.2.0", ERRORS))
    stack.kubectl.apply([stack.release(Version("v1.1.0", READINESS)).colored("blue")])
    colors.raw["platform"] = {**colors.raw["platform"], "start_timeout_s": 5}
    assert colors.walk(take_back) is Outcome.HELD, colors.why()
    assert stack.live_color() == "green"
    assert _version(colors) == "v1.2.0"


@pytest.mark.full_matrix
def test_the_role_is_enough_to_switch_and_to_share_traffic(colors: JarvisScene) -> None:
    platform = colors.platform
    assert isinstance(platform, KubernetesBlueGreen)
    assert isinstance(platform.router, KubernetesService)
    upstreams, router = platform.upstreams(), platform.router
    assert platform.activate("green", platform.route()).changed
    assert router.share({"blue": 50, "green": 50}, upstreams, router.active(upstreams)).changed
    assert router.active(upstreams).shares == {"blue": 50, "green": 50}
    assert platform.activate("blue", platform.route()).changed
    assert colors.stack.live_color() == "blue"


@pytest.mark.parametrize("when", ["before", pytest.param("after", marks=pytest.mark.full_matrix)])
def test_killed_at_the_switch(colors: JarvisScene, when: str) -> None:
    _deploy(colors, Version("v1.2.0", ERRORS))
    assert exit_code(lambda: _walk_and_die(colors, when)) == KILLED
    assert colors.stack.live_color() == ("green" if when == "before" else "blue")
    colors.holder_died()
    assert colors.walk(take_back, "second") is Outcome.ROLLED_BACK, colors.why()
    assert colors.stack.live_color() == "blue"
    assert _version(colors) == "v1.1.0"


def _walk_and_die(scene: JarvisScene, when: str) -> None:
    send = Traffic.send_to

    def dies(traffic: Traffic, labels: dict[str, str]) -> None:
        if when == "after":
            send(traffic, labels)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Traffic, "send_to", dies)
        scene.walk(take_back)
