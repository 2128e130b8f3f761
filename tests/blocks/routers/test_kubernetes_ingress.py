"""`kubernetes_ingress` on Ingresses of the real API server, with a controller of our own that follows them."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import httpx
import pytest

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import SERVICE, Json
from blocks.routers.kubernetes_ingress import INGRESS, KubernetesIngress
from domain.errors import ConfigurationError, NotInCluster, NotPrepared
from tests.blocks.kubernetes.colours import Colours, settings
from tests.blocks.kubernetes.follower import Follower
from tests.blocks.routers.contract import RouterContract
from tests.blocks.routers.weighted_contract import WeightedRouterContract
from tests.blocks.waiting import wait_until

pytestmark = pytest.mark.cluster

FIRST, CANARY = "shop", "shop-canary"
PREFIX = "nginx.ingress.kubernetes.io"


def ingress(name: str, service: str, annotations: Mapping[str, str]) -> Json:
    """As a team would write it."""
    target, _, port = service.partition(":")
    backend = {"service": {"name": target, "port": {"number": int(port)}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": dict(annotations)},
        "spec": {"rules": [{"host": "shop.example.com", "http": {"paths": [path]}}]},
    }


def weights_of(api: Cluster) -> dict[str, int]:
    """As ingress-nginx reads them: not by the code that is tried here."""
    first, canary = (api.get(INGRESS, name) for name in (FIRST, CANARY))
    told = canary["metadata"]["annotations"]
    share = int(told[f"{PREFIX}/canary-weight"]) if told.get(f"{PREFIX}/canary") == "true" else 0
    return {
        _service(canary): share,
        _service(first): int(told.get(f"{PREFIX}/canary-weight-total", 100)) - share,
    }


def address_of(api: Cluster, service: str) -> str:
    name, _, port = service.partition(":")
    return f"http://{api.get(SERVICE, name)['spec']['clusterIP']}:{port}"


def _service(found: Json) -> str:
    service = found["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    return f"{service['name']}:{service['port']['number']}"


@pytest.fixture
def upstreams(behind_services: Colours) -> Mapping[str, str]:
    return {slot: f"{behind_services.name}-{slot}:80" for slot in ("blue", "green", "red")}


@pytest.fixture
def controller(api: Cluster, upstreams: Mapping[str, str]) -> Iterator[Follower]:
    for name in (FIRST, CANARY):
        api.remove(INGRESS, name)
    api.create(INGRESS, ingress(FIRST, upstreams["blue"], {}))
    told = {f"{PREFIX}/canary": "true", f"{PREFIX}/canary-weight": "0", "team": "shop"}
    api.create(INGRESS, ingress(CANARY, upstreams["green"], told))
    with Follower(
        look=lambda: weights_of(api), told=lambda: None, where=partial(address_of, api)
    ) as follower:
        yield follower


@pytest.fixture
def router(api: Cluster, kubeconfig: Path, controller: Follower) -> KubernetesIngress:
    where = settings(api).model_copy(update={"kubeconfig": kubeconfig})
    wait_until(controller.knows, "the controller")
    made = KubernetesIngress(
        cluster=where, ingress=FIRST, canary=CANARY, address=controller.address, settle_s=0.5
    )
    wait_until(lambda: httpx.get(made.address, trust_env=False).is_success, "kube-proxy")
    return made


@pytest.fixture
def take_down(nowhere: Callable[[], None]) -> Callable[[], None]:
    return nowhere


class TestKubernetesIngress(RouterContract, WeightedRouterContract):
    def test_only_the_canary_is_changed(
        self, router: KubernetesIngress, api: Cluster, upstreams: Mapping[str, str]
    ) -> None:
        first, canary = api.get(INGRESS, FIRST), api.get(INGRESS, CANARY)
        router.share({"blue": 75, "green": 25}, upstreams, router.active(upstreams))
        assert api.get(INGRESS, FIRST) == first
        found = api.get(INGRESS, CANARY)
        assert found["spec"] == canary["spec"]
        assert found["metadata"]["annotations"] == {
            "team": "shop",
            f"{PREFIX}/canary": "true",
            f"{PREFIX}/canary-weight": "25",
            f"{PREFIX}/canary-weight-total": "100",
        }

    def test_another_slot_becomes_the_canary_in_the_same_change(
        self, router: KubernetesIngress, api: Cluster, upstreams: Mapping[str, str]
    ) -> None:
        router.switch("red", upstreams, router.active(upstreams))
        assert _service(api.get(INGRESS, CANARY)) == upstreams["red"]
        assert router.active(upstreams).slot == "red"

    def test_shares_of_two_canaries_are_refused(
        self, router: KubernetesIngress, upstreams: Mapping[str, str]
    ) -> None:
        before = router.active(upstreams)
        with pytest.raises(NotPrepared, match="one other Service"):
            router.share({"green": 50, "red": 50}, upstreams, before)
        assert router.active(upstreams) == before

    def test_what_cannot_be_read_is_told(
        self, router: KubernetesIngress, api: Cluster, upstreams: Mapping[str, str]
    ) -> None:
        with pytest.raises(NotInCluster, match="no Ingress nowhere; there are shop, shop-canary"):
            router.model_copy(update={"canary": "nowhere"}).active(upstreams)
        api.patch(INGRESS, CANARY, {"metadata": {"annotations": {f"{PREFIX}/canary-weight": "many"}}})
        with pytest.raises(ConfigurationError, match="canary-weight"):
            router.active(upstreams)
        [checkup] = router.examine()
        assert checkup.bad
