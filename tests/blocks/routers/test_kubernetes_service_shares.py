"""`kubernetes_service` shares traffic out by numbers of pods, on the real cluster."""

import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.replica_shares import counts
from blocks.kubernetes.resources import AUTOSCALER
from blocks.routers.kubernetes_service import KubernetesService
from domain.errors import NotPrepared
from tests.blocks.kubernetes.colours import Colours, settings
from tests.blocks.routers.contract import answering
from tests.blocks.routers.weighted_contract import TOLERANCE, WeightedRouterContract, answers
from tests.blocks.waiting import wait_until

if TYPE_CHECKING:
    from docker import DockerClient

SLOTS = {"blue": 1, "green": 1, "red": 1}


@pytest.fixture(scope="module")
def colours(api: Cluster, engine: "DockerClient", application: str) -> Iterator[Colours]:
    """Their answers close connections: a Service shares out connections, not requests."""
    made = Colours(api, engine, application, f"shop-{secrets.token_hex(2)}")
    made.create(SLOTS, {"CLOSE": "1"})
    yield made
    for slot in SLOTS:
        made.scale(slot, 0)


@pytest.fixture
def upstreams() -> Mapping[str, str]:
    return {slot: f"color={slot}" for slot in SLOTS}


@pytest.fixture
def router(colours: Colours) -> KubernetesService:
    colours.reset(SLOTS)
    where = settings(colours.cluster)
    made = KubernetesService(cluster=where, service=colours.name, address=colours.address, timeout_s=180)
    wait_until(lambda: answering(made) == "blue", "blue")
    return made


@pytest.mark.cluster
def test_pods_are_counted_and_come_back_to_what_they_were(
    router: KubernetesService, colours: Colours, upstreams: Mapping[str, str]
) -> None:
    receipt = router.share({"blue": 50, "green": 50}, upstreams, router.active(upstreams))
    assert "by numbers of pods" in receipt.cost
    assert {slot: colours.count(slot) for slot in SLOTS} == {"blue": 1, "green": 1, "red": 0}
    assert colours.service()["spec"]["selector"] == {"app": colours.name}
    assert {answering(router) for _ in range(40)} == {"blue", "green"}
    assert router.switch("green", upstreams, router.active(upstreams)).changed
    assert {slot: colours.count(slot) for slot in SLOTS} == SLOTS
    assert {answering(router) for _ in range(20)} == {"green"}


@pytest.mark.cluster
def test_a_slot_that_something_else_scales_gets_no_share(
    router: KubernetesService, colours: Colours, api: Cluster, upstreams: Mapping[str, str]
) -> None:
    name = f"{colours.name}-green"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 4}
    api.create(AUTOSCALER, {"kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": spec})
    before = router.active(upstreams)
    try:
        with pytest.raises(NotPrepared, match=f"slot green.*HorizontalPodAutoscaler {name}"):
            router.share({"blue": 50, "green": 50}, upstreams, before)
    finally:
        api.remove(AUTOSCALER, name)
    assert router.active(upstreams) == before


@pytest.mark.parametrize(
    ("shares", "least", "expected"),
    [
        ({"blue": 90, "green": 10}, 1, {"blue": 9, "green": 1}),
        ({"blue": 50, "green": 50}, 1, {"blue": 1, "green": 1}),
        ({"blue": 50, "green": 50}, 3, {"blue": 2, "green": 2}),
        ({"blue": 70, "green": 30}, 12, {"blue": 14, "green": 6}),
        ({"blue": 75, "green": 25}, 1, {"blue": 3, "green": 1}),
        ({"blue": 75, "green": 25}, 5, {"blue": 6, "green": 2}),
        ({"blue": 95, "green": 5}, 3, {"blue": 19, "green": 1}),
    ],
)
def test_the_fewest_pods_in_the_ratio_that_carry_the_load(
    shares: dict[str, int], least: int, expected: dict[str, int]
) -> None:
    assert counts(shares, least) == expected


@pytest.mark.cluster
@pytest.mark.full_matrix
def test_a_canary_in_four_steps_as_pods_and_as_requests(
    router: KubernetesService, colours: Colours, upstreams: Mapping[str, str]
) -> None:
    for green, pods in [(10, (9, 1)), (25, (3, 1)), (50, (1, 1))]:
        shares = {"blue": 100 - green, "green": green}
        assert router.share(shares, upstreams, router.active(upstreams)).changed
        assert (colours.count("blue"), colours.count("green"), colours.count("red")) == (*pods, 0)
        assert router.active(upstreams).shares == shares
        assert abs(answers(router)["green"] - green) <= TOLERANCE
    router.share({"green": 100}, upstreams, router.active(upstreams))
    assert {slot: colours.count(slot) for slot in SLOTS} == SLOTS
    assert answers(router) == {"green": 100}


@pytest.mark.cluster
@pytest.mark.full_matrix
class TestShares(WeightedRouterContract):
    """All of the contract; ten pods come and go for each 10 %."""
