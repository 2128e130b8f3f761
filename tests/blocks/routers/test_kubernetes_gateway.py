"""`kubernetes_gateway`, with an API and a controller of our own before real HTTP servers: see `ObjectServer` for why."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy

import pytest

from blocks.kubernetes.resources import Json
from blocks.kubernetes.settings import ClusterSettings
from blocks.routers.kubernetes_gateway import KubernetesGateway
from domain.errors import ConfigurationError, NotInCluster, NotPrepared, SwitchUnclear
from tests.blocks.kubernetes.follower import Follower
from tests.blocks.kubernetes.object_server import ObjectServer
from tests.blocks.routers.contract import RouterContract
from tests.blocks.routers.weighted_contract import WeightedRouterContract
from tests.blocks.waiting import wait_until

NAMESPACE, NAME = "production", "shop"
GROUP = "/apis/gateway.networking.k8s.io/v1"
ROUTE = f"{GROUP}/namespaces/{NAMESPACE}/httproutes/{NAME}"
ENDPOINTS = f"/api/v1/namespaces/{NAMESPACE}/endpoints"
FILTERS = [{"type": "RequestHeaderModifier"}]


@pytest.fixture
def upstreams(upstreams: Mapping[str, str]) -> Mapping[str, str]:
    """Slot -> its Service, on the port where its real server listens."""
    return {slot: f"shop-{slot}:{dial.rpartition(':')[2]}" for slot, dial in upstreams.items()}


@pytest.fixture
def api(upstreams: Mapping[str, str]) -> Iterator[ObjectServer]:
    with ObjectServer() as server:
        ref = {"name": "shop-blue", "port": port_of(upstreams["blue"]), "filters": FILTERS}
        rule = {"backendRefs": [ref], "timeouts": {"request": "9s"}}
        spec = {"hostnames": ["shop.example.com"], "rules": [rule]}
        server.put(ROUTE, {"kind": "HTTPRoute", "metadata": {"name": NAME}, "spec": spec})
        for slot in upstreams:
            subsets = [{"addresses": [{"ip": "127.0.0.1"}]}]
            server.put(f"{ENDPOINTS}/shop-{slot}", {"metadata": {"name": f"shop-{slot}"}, "subsets": subsets})
        yield server


def port_of(service: str) -> int:
    return int(service.rpartition(":")[2])


def now(api: ObjectServer) -> Json:
    found = api.get(ROUTE)
    assert found is not None
    return found


def weights_of(route: Json) -> dict[str, int]:
    """As a controller reads them: not by the code that is tried here."""
    refs = route["spec"]["rules"][0]["backendRefs"]
    return {f"{ref['name']}:{ref['port']}": ref.get("weight", 1) for ref in refs}


def say_taken(api: ObjectServer) -> None:
    """What a controller writes when it took a generation."""
    found = now(api)
    told = {"status": "True", "observedGeneration": found["metadata"]["generation"]}
    conditions = [{"type": kind, **told} for kind in ("Accepted", "ResolvedRefs")]
    parents = [{"controllerName": "tests.example/follower", "conditions": conditions}]
    if found.get("status") != {"parents": parents}:
        api.put(ROUTE, {**found, "status": {"parents": parents}})


@pytest.fixture
def gateway(api: ObjectServer) -> Iterator[Follower]:
    with Follower(
        look=lambda: weights_of(now(api)),
        told=lambda: say_taken(api),
        where=lambda service: f"http://127.0.0.1:{port_of(service)}",
    ) as follower:
        wait_until(lambda: "status" in now(api), "the controller")
        yield follower


@pytest.fixture
def router(api: ObjectServer, gateway: Follower) -> KubernetesGateway:
    return KubernetesGateway(
        cluster=api.settings(NAMESPACE), route=NAME, address=gateway.address, settle_s=0.2
    )


@pytest.fixture
def take_down(api: ObjectServer) -> Callable[[], None]:
    return api.stop


class TestKubernetesGateway(RouterContract, WeightedRouterContract):
    def test_nothing_but_weights_is_changed(
        self, router: KubernetesGateway, api: ObjectServer, upstreams: Mapping[str, str]
    ) -> None:
        expected = deepcopy(now(api)["spec"])
        router.switch("green", upstreams, router.active(upstreams))
        expected["rules"][0]["backendRefs"][0]["weight"] = 0
        expected["rules"][0]["backendRefs"].append(
            {"name": "shop-green", "port": port_of(upstreams["green"]), "weight": 100}
        )
        assert now(api)["spec"] == expected

    def test_a_service_that_reaches_nobody_gets_no_traffic(
        self, router: KubernetesGateway, upstreams: Mapping[str, str]
    ) -> None:
        before = router.active(upstreams)
        with pytest.raises(NotPrepared, match="reaches no pod"):
            router.switch("purple", {**upstreams, "purple": "shop-purple:80"}, before)
        assert router.active(upstreams) == before

    def test_it_is_examined(self, router: KubernetesGateway, upstreams: Mapping[str, str]) -> None:
        [checkup] = router.examine()
        assert not checkup.bad
        assert checkup.finding.said == f"{upstreams['blue']} 1"
        [checkup] = router.model_copy(update={"route": "nowhere"}).examine()
        assert "no HTTPRoute nowhere; there are shop" in checkup.finding.said

    def test_all_rules_of_the_slots_are_changed_and_must_agree(
        self, router: KubernetesGateway, api: ObjectServer, upstreams: Mapping[str, str]
    ) -> None:
        found = now(api)
        [rule] = found["spec"]["rules"]
        foreign = {"backendRefs": [{"name": "images", "port": 80}]}
        found["spec"]["rules"] = [rule, deepcopy(rule), foreign]
        api.put(ROUTE, found, own=True)
        router.switch("green", upstreams, router.active(upstreams))
        assert [[ref.get("weight") for ref in one["backendRefs"]] for one in now(api)["spec"]["rules"]] == [
            [0, 100],
            [0, 100],
            [None],
        ]
        found = now(api)
        found["spec"]["rules"][0]["backendRefs"][0]["weight"] = 7
        api.put(ROUTE, found, own=True)
        with pytest.raises(ConfigurationError, match="share traffic out differently"):
            router.active(upstreams)
        others = {"blue": upstreams["red"]}
        with pytest.raises(ConfigurationError, match="none of its rules names"):
            router.switch("blue", others, router.active(others))
        with pytest.raises(NotInCluster):
            router.model_copy(update={"route": "nowhere"}).active(upstreams)


@pytest.mark.parametrize(
    ("parents", "told"),
    [
        ([], "no controller has said anything"),
        (
            [{"controllerName": "some.example/gateway", "conditions": []}],
            "some.example/gateway has not seen it yet",
        ),
    ],
)
def test_a_route_that_no_controller_takes_is_told(
    api: ObjectServer, upstreams: Mapping[str, str], parents: list[Json], told: str
) -> None:
    api.put(ROUTE, {**now(api), "status": {"parents": parents}}, own=True)
    router = KubernetesGateway(
        cluster=api.settings(NAMESPACE), route=NAME, address="http://127.0.0.1:1", timeout_s=0.3, settle_s=0
    )
    with pytest.raises(SwitchUnclear, match=told):
        router.switch("green", upstreams, router.active(upstreams))
    assert router.active(upstreams).slot == "green"


def test_an_older_version_of_the_gateway_api_serves_too() -> None:
    with ObjectServer(versions=("v1beta1",)) as server:
        path = ROUTE.replace("/v1/", "/v1beta1/")
        rules = [{"backendRefs": [{"name": "shop-blue", "port": 80}]}]
        server.put(path, {"metadata": {"name": NAME}, "spec": {"rules": rules}})
        assert router_at(server.settings(NAMESPACE)).active({"blue": "shop-blue:80"}).slot == "blue"


def test_a_cluster_without_the_gateway_api_is_told() -> None:
    with (
        ObjectServer(versions=()) as server,
        pytest.raises(ConfigurationError, match="install the Gateway API"),
    ):
        router_at(server.settings(NAMESPACE)).active({"blue": "shop-blue:80"})


def router_at(cluster: ClusterSettings) -> KubernetesGateway:
    return KubernetesGateway(cluster=cluster, route=NAME, address="http://127.0.0.1:1")
