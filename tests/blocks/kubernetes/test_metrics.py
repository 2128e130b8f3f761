"""Numbers as Kubernetes writes them, what a metrics server answers, and a cluster without one."""

from collections.abc import Iterator
from typing import Any

import pytest

from blocks.kubernetes.metrics import quantity, usage_of
from blocks.kubernetes.settings import ClusterSettings
from blocks.platforms.kubernetes import Kubernetes
from domain.release import Usage
from tests.blocks.kubernetes.deployed import NEW
from tests.fakes.http_server import HttpServer, Reply

GROUP = "/apis/metrics.k8s.io/v1beta1"
PODS = f"{GROUP}/namespaces/production/pods"
SERVED: dict[str, Any] = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": "metrics.k8s.io/v1beta1",
    "resources": [
        {"name": "nodes", "singularName": "", "namespaced": False, "kind": "NodeMetrics", "verbs": ["get", "list"]},
        {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]},
    ],
}  # fmt: skip


def pod(name: str, **containers: tuple[str, str]) -> dict[str, Any]:
    """As metrics-server writes one: CPU in nanocores, memory in kibibytes; a container that idles uses `0`."""
    return {
        "metadata": {
            "name": name,
            "namespace": "production",
            "creationTimestamp": "2026-11-22T16:00:14Z",
            "labels": {"app": "jarvis-api", "pod-template-hash": "5d9c7b6f4"},
        },
        "timestamp": "2026-11-22T15:59:58Z",
        "window": "15.076s",
        "containers": [
            {"name": container, "usage": {"cpu": cpu, "memory": memory}}
            for container, (cpu, memory) in containers.items()
        ],
    }


def listed(*pods: dict[str, Any]) -> Reply:
    found = {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}}
    return Reply(body={**found, "items": list(pods)})


@pytest.fixture
def server() -> Iterator[HttpServer]:
    """An API server that a metrics server stands behind."""
    with HttpServer() as server:
        server.replies[GROUP] = Reply(body=SERVED)
        yield server


def usage(server: HttpServer) -> Usage | None:
    """What the slot's two pods use by it."""
    config = {
        "clusters": [{"name": "it", "cluster": {"server": server.url}}],
        "users": [{"name": "test", "user": {"token": "made-up"}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "test"}}],
        "current-context": "it",
    }
    given = {"namespace": "production", "credentials": config, "away_s": 0}
    with ClusterSettings.model_validate(given).cluster() as cluster:
        return usage_of(cluster, ["jarvis-api-1", "jarvis-api-2"])


def test_what_the_slots_own_pods_use_is_added_up(server: HttpServer) -> None:
    server.replies[PODS] = listed(
        pod("jarvis-api-1", api=("138739361n", "48372Ki"), proxy=("2000000n", "10Mi")),
        pod("jarvis-worker-1", worker=("900m", "2Gi")),
        pod("jarvis-api-2", api=("0", "41216Ki")),
    )
    assert usage(server) == Usage(memory_mb=102.2, cores=0.1407)


@pytest.mark.parametrize(
    "answer",
    [
        listed(),
        listed(pod("jarvis-worker-1", worker=("900m", "2Gi"))),
        listed(pod("jarvis-api-1")),
        Reply(403, {"kind": "Status", "message": 'pods.metrics.k8s.io is forbidden: User "backout" cannot list'}),
        Reply(503, "the server is currently unable to handle the request"),
    ],
    ids=["too early", "of others", "no container yet", "forbidden", "gone since"],
)  # fmt: skip
def test_what_cannot_be_told_is_not(server: HttpServer, answer: Reply) -> None:
    server.replies[PODS] = answer
    assert usage(server) is None


@pytest.mark.parametrize("status", [404, 503])
def test_a_metrics_server_that_is_not_there_or_down(server: HttpServer, status: int) -> None:
    server.replies = {GROUP: Reply(status, "the server could not find the requested resource")}
    assert usage(server) is None
    assert [seen.path for seen in server.seen] == [GROUP]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("250m", 0.25),
        ("2", 2.0),
        ("12Mi", 12 * 2**20),
        ("1500000n", 0.0015),
        ("3M", 3e6),
        ("1e3", 1000.0),
        ("0", 0.0),
    ],
)
def test_quantities(said: str, number: float) -> None:
    assert quantity(said) == pytest.approx(number)


@pytest.mark.cluster
def test_a_cluster_that_serves_no_metrics_says_nothing(platform: Kubernetes) -> None:
    assert platform.usage(NEW) is None
