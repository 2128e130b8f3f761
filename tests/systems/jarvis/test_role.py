"""The Role that the example ships: enough for each part alone, and for nothing else."""

import pytest

from blocks.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, SERVICE, Resource
from blocks.kubernetes.settings import ClusterSettings
from domain.errors import ClusterForbids
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import Jarvis

pytestmark = pytest.mark.cluster
SECRET = Resource("api/v1", "secrets", "Secret")
PARTS = ["flag:new-dashboard", "config", "flag:new-integration", "api", "worker"]
"""The flag first: it is in the ConfigMap, so that there is a copy to go back to."""


def settings(jarvis: Jarvis, namespace: str) -> ClusterSettings:
    return ClusterSettings(namespace=namespace, kubeconfig=jarvis.stack.kubeconfig)


@pytest.mark.full_matrix
def test_each_part_can_be_put_on_another_release(scene: JarvisScene) -> None:
    platform = scene.platform
    assert {part.name for part in platform.parts()} == set(PARTS)
    for name in PARTS:
        part = platform.only(name)
        before = part.route()
        other = next(slot.name for slot in part.slots() if slot.name != before.slot)
        receipt = part.activate(other, before)
        assert (receipt.changed, part.route().slot) == (True, other), name
    [said] = [one for one in platform.examine() if one.finding.name == "Role"]
    assert not said.bad


def test_it_allows_no_more(jarvis: Jarvis) -> None:
    namespace = jarvis.stack.kubectl.namespace
    with settings(jarvis, namespace).cluster() as cluster:
        with pytest.raises(ClusterForbids, match=f"system:serviceaccount:{namespace}:backout"):
            cluster.all(SECRET)
        for verb, resource in [("create", DEPLOYMENT), ("delete", DEPLOYMENT), ("patch", SERVICE)]:
            assert not cluster.may(verb, resource), f"{verb} {resource.name}"
        with pytest.raises(ClusterForbids, match="services"):
            cluster.patch(SERVICE, "jarvis-postgres", {"spec": {"selector": {"app": "another"}}})
    with settings(jarvis, "kube-system").cluster() as cluster, pytest.raises(ClusterForbids):
        cluster.all(CONFIG_MAP)
