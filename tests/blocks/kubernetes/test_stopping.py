"""An application stopped for a while, and started as it was: on the real cluster, and through the blue/green platform."""

import secrets
from typing import TYPE_CHECKING, Any

import pytest

from blocks.kubernetes import stopping
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import AUTOSCALER, DEPLOYMENT, POD
from blocks.kubernetes.scaling import WAS, scale
from blocks.platforms.kubernetes_blue_green import KubernetesBlueGreen
from domain.errors import CommandFailed, RolloutStalled
from tests.blocks.kubernetes.colours import Colours

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.cluster

SLOTS = {"blue": 2, "green": 0}
WITHIN_S = 60.0


@pytest.fixture(scope="module")
def colours(api: Cluster, engine: "DockerClient", application: str) -> Colours:
    made = Colours(api, engine, application, f"stop-{secrets.token_hex(2)}")
    made.create(SLOTS)
    return made


@pytest.fixture
def names(colours: Colours) -> list[str]:
    colours.reset(SLOTS)
    return [f"{colours.name}-{slot}" for slot in SLOTS]


def kept(colours: Colours, slot: str) -> bool:
    body = colours.cluster.get(DEPLOYMENT, f"{colours.name}-{slot}")
    return WAS in body["metadata"].get("annotations", {})


def test_each_has_what_it_had_and_what_was_down_stays_down(colours: Colours, names: list[str]) -> None:
    blue, green = names
    for _ in range(2):
        said = stopping.stop(colours.cluster, names, WITHIN_S)
        assert said == f"{blue} from 2 to 0 pods; {green} from 0 to 0 pods"
        assert colours.pods("blue") == []
    assert stopping.stopped_ones(colours.cluster, names) == [blue]
    assert stopping.start(colours.cluster, names) == [f"{blue} to 2 pods"]
    assert stopping.start(colours.cluster, names) == []
    assert (colours.count("blue"), colours.count("green")) == (2, 0)
    assert not kept(colours, "blue")


def test_what_somebody_else_scaled_is_left_alone(colours: Colours, names: list[str]) -> None:
    stopping.stop(colours.cluster, names, WITHIN_S)
    colours.cluster.patch(DEPLOYMENT, names[0], {"spec": {"replicas": 1}}, part="scale")
    assert stopping.start(colours.cluster, names) == []
    assert colours.count("blue") == 1
    scale(colours.cluster, names[0], 0)
    assert stopping.start(colours.cluster, names) == [], "it was scaled to 0 for something else"


def test_an_autoscaler_and_an_owner_are_told(colours: Colours, names: list[str]) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": names[0]}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}
    colours.cluster.create(AUTOSCALER, {"metadata": {"name": names[0]}, "spec": spec})
    colours.change("blue", {"metadata": {"labels": {"argocd.argoproj.io/instance": "shop"}}})
    said = stopping.stop(colours.cluster, names, WITHIN_S)
    assert f"HorizontalPodAutoscaler {names[0]} leaves it at 0" in said
    assert "Argo CD" in said
    assert stopping.start(colours.cluster, names) == [f"{names[0]} to 2 pods"]
    colours.cluster.remove(AUTOSCALER, names[0])
    colours.change("blue", {"metadata": {"labels": {"argocd.argoproj.io/instance": None}}})


def test_pods_that_do_not_go_are_named(colours: Colours, names: list[str]) -> None:
    pods = [pod.name for pod in colours.pods("blue")]
    for pod in pods:
        colours.cluster.patch(POD, pod, {"metadata": {"finalizers": ["example.com/stays"]}})
    with pytest.raises(CommandFailed, match=f"pods that do not go: {names[0]}-.*, {names[0]}-") as caught:
        stopping.stop(colours.cluster, names, 0)
    for pod in pods:
        colours.cluster.patch(POD, pod, {"metadata": {"finalizers": None}})
    assert f"deployment/{names[0]}" in caught.value.argv
    assert stopping.start(colours.cluster, names) == [f"{names[0]} to 2 pods"]


def test_the_platform_does_it_with_both_slots(colours: Colours, names: list[str]) -> None:
    platform = KubernetesBlueGreen.model_validate(_settings(colours))
    assert platform.stops
    assert not platform.stopped()
    assert platform.serve_again() == ""
    assert f"{names[0]} from 2 to 0 pods" in platform.stop_serving()
    assert platform.stopped()
    assert not platform.slot("blue").running
    assert platform.serve_again() == f"{names[0]} to 2 pods"
    assert len(colours.pods("blue")) == 2
    assert platform.slot("blue").running


def test_pods_that_do_not_come_again_are_told_with_the_reason(colours: Colours, names: list[str]) -> None:
    platform = KubernetesBlueGreen.model_validate(_settings(colours))
    platform.stop_serving()
    template = colours.cluster.get(DEPLOYMENT, names[0])["spec"]["template"]
    [container] = template["spec"]["containers"]
    broken = {**container, "image": "backout-nowhere:1", "imagePullPolicy": "Never"}
    colours.change("blue", {"spec": {"template": {"spec": {"containers": [broken]}}}})
    with pytest.raises(RolloutStalled, match="ErrImageNeverPull"):
        platform.serve_again()
    assert colours.count("blue") == 2
    colours.change("blue", {"spec": {"template": {"spec": {"containers": [container]}}}})


def _settings(colours: Colours) -> dict[str, Any]:
    cluster = {"namespace": colours.cluster.namespace}
    router = {
        "kind": "kubernetes_service",
        "cluster": cluster,
        "service": colours.name,
        "address": colours.address,
    }
    return {
        "cluster": cluster,
        "slots": {slot: {"deployment": f"{colours.name}-{slot}"} for slot in SLOTS},
        "router": router,
        "start_timeout_s": 90,
        "stalled_s": 3,
    }
