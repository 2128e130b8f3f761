"""`kubernetes_service` on the real cluster."""

import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import SERVICE
from blocks.routers.kubernetes_service import KubernetesService
from domain.errors import ConfigurationError, NotInCluster, NotPrepared
from tests.blocks.kubernetes.colours import Colours, settings
from tests.blocks.routers.contract import RouterContract, answering
from tests.blocks.waiting import wait_until

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.cluster

CHECKOUT = Path(__file__).parents[3]
SLOTS = {"blue": 1, "green": 1, "red": 1}
UPSTREAMS = {slot: f"color={slot}" for slot in SLOTS}
KILLED = """\
import os, signal, sys
from blocks.kubernetes.cluster import Cluster
from blocks.routers.kubernetes_service import KubernetesService
router = KubernetesService.model_validate_json(sys.argv[1])
upstreams = dict(word.split(":") for word in sys.argv[3:])
patch = Cluster.patch
def killing(*arguments, **rest):
    if sys.argv[2] == "after":
        patch(*arguments, **rest)
    os.kill(os.getpid(), signal.SIGKILL)
Cluster.patch = killing
router.switch("green", upstreams, router.active(upstreams))
"""


@pytest.fixture(scope="module")
def colours(api: Cluster, engine: "DockerClient", application: str) -> Colours:
    made = Colours(api, engine, application, f"shop-{secrets.token_hex(2)}")
    made.create(SLOTS)
    return made


@pytest.fixture
def upstreams() -> Mapping[str, str]:
    return UPSTREAMS


@pytest.fixture
def router(colours: Colours, kubeconfig: Path) -> KubernetesService:
    colours.reset(SLOTS)
    where = settings(colours.cluster).model_copy(update={"kubeconfig": kubeconfig})
    made = KubernetesService(cluster=where, service=colours.name, address=colours.address)
    wait_until_blue(made)
    return made


def wait_until_blue(router: KubernetesService) -> None:
    def blue() -> bool:
        with router._traffic(UPSTREAMS) as traffic:
            names = {pod.name for pod in traffic.pods("blue")}
            return traffic.reached() == names and answering(router) == "blue"

    wait_until(blue, "blue")


@pytest.fixture
def take_down(nowhere: Callable[[], None]) -> Callable[[], None]:
    return nowhere


class TestKubernetesService(RouterContract):
    def test_nothing_but_the_slots_labels_is_changed(
        self, router: KubernetesService, colours: Colours, upstreams: Mapping[str, str]
    ) -> None:
        before = colours.service()
        router.switch("green", upstreams, router.active(upstreams))
        after = colours.service()
        assert after["spec"]["selector"] == {"app": colours.name, "color": "green"}
        assert {**after["spec"], "selector": {}} == {**before["spec"], "selector": {}}

    def test_a_slot_without_a_ready_pod_gets_no_traffic(
        self, router: KubernetesService, colours: Colours, upstreams: Mapping[str, str]
    ) -> None:
        colours.scale("green", 0)
        colours.wait_for({"green": 0})
        before = router.active(upstreams)
        with pytest.raises(NotPrepared, match="none of its pods is ready"):
            router.switch("green", upstreams, before)
        assert router.active(upstreams) == before
        assert answering(router) == "blue"

    def test_a_kept_connection_stays_with_its_pod_and_the_receipt_says_so(
        self, router: KubernetesService, upstreams: Mapping[str, str]
    ) -> None:
        with httpx.Client(trust_env=False, timeout=10) as kept:
            assert kept.get(router.address).json()["slot"] == "blue"
            receipt = router.switch("green", upstreams, router.active(upstreams))
            assert kept.get(router.address).json()["slot"] == "blue"
        assert "connections that clients keep open stay" in receipt.cost
        assert answering(router) == "green"

    @pytest.mark.parametrize(("when", "serves"), [("before", "blue"), ("after", "green")])
    def test_a_run_that_is_killed_at_the_patch_is_gone_on_with(
        self, router: KubernetesService, upstreams: Mapping[str, str], when: str, serves: str
    ) -> None:
        before = router.active(upstreams)
        slots = [f"{slot}:{labels}" for slot, labels in upstreams.items()]
        argv = [sys.executable, "-c", KILLED, router.model_dump_json(), when, *slots]
        assert subprocess.run(argv, cwd=CHECKOUT, check=False).returncode == -signal.SIGKILL
        assert router.active(upstreams).slot == serves
        assert router.switch("green", upstreams, before).changed is (when == "before")
        wait_until(lambda: answering(router) == "green", "kube-proxy")

    def test_the_service_and_whom_it_reaches_are_examined(
        self, router: KubernetesService, colours: Colours, upstreams: Mapping[str, str]
    ) -> None:
        [checkup] = router.examine()
        assert not checkup.bad
        assert colours.pods("blue")[0].name in checkup.finding.said
        colours.select({"color": "purple"})
        assert router.active(upstreams).slot is None
        [checkup] = router.examine()
        assert checkup.bad
        assert "reaches nobody" in checkup.finding.said


def test_what_cannot_be_switched_is_told(router: KubernetesService, api: Cluster, colours: Colours) -> None:
    with pytest.raises(NotInCluster, match=f"no Service shop-nowhere; there are .*{colours.name}"):
        router.model_copy(update={"service": "shop-nowhere"}).active(UPSTREAMS)
    with pytest.raises(ConfigurationError, match="color=blue"):
        router.active({"blue": "127.0.0.1:80", "green": "127.0.0.1:81"})
    name = f"{colours.name}-foreign"
    api.create(
        SERVICE,
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"ports": [{"port": 80}]},
        },
    )
    with pytest.raises(ConfigurationError, match="no selector"):
        router.model_copy(update={"service": name}).active(UPSTREAMS)
