"""Objects of a real namespace: read, changed, made, removed, and what is not there."""

from collections.abc import Iterator
from typing import Any

import pytest

from blocks.kubernetes.cluster import STRATEGIC, Cluster
from blocks.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, POD, POD_METRICS, SERVICE, Resource
from blocks.kubernetes.settings import ClusterSettings
from domain.errors import ClusterForbids, CommandFailed, NotInCluster
from tests.blocks.kubernetes.api_proxy import kubectl
from tests.blocks.kubernetes.kubeconfigs import token_of, with_user
from tests.blocks.waiting import wait_until

pytestmark = pytest.mark.cluster

LOGGER = ["sh", "-c", "echo first; echo second; echo 'third: \u00fc'; exit 3"]


@pytest.fixture
def asked(cluster: str) -> Iterator[Cluster]:
    with ClusterSettings(namespace=cluster).cluster() as connected:
        yield connected
        for one in connected.all(CONFIG_MAP, {"of": "test"}):
            connected.remove(CONFIG_MAP, one["metadata"]["name"])


def config_map(name: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"of": "test", **labels}}, "data": {"a": "1", "b": "2"}}


def test_an_object_is_made_read_changed_and_removed(asked: Cluster) -> None:
    assert asked.find(CONFIG_MAP, "shop") is None
    made = asked.create(CONFIG_MAP, config_map("shop"))
    assert asked.get(CONFIG_MAP, "shop") == asked.find(CONFIG_MAP, "shop") == made
    changed = asked.patch(CONFIG_MAP, "shop", {"data": {"a": "3", "b": None}})
    assert changed["data"] == {"a": "3"}
    assert asked.replace(CONFIG_MAP, {**changed, "data": {"c": "4"}})["data"] == {"c": "4"}
    asked.remove(CONFIG_MAP, "shop")
    assert asked.find(CONFIG_MAP, "shop") is None
    asked.remove(CONFIG_MAP, "shop")


def test_objects_are_found_by_labels_and_fields(asked: Cluster) -> None:
    for name, colour in {"a": "blue", "b": "blue", "c": "green"}.items():
        asked.create(CONFIG_MAP, config_map(name, color=colour))

    def names(labels: dict[str, str], fields: str = "") -> list[str]:
        return sorted(one["metadata"]["name"] for one in asked.all(CONFIG_MAP, labels, fields))

    assert names({"of": "test"}) == ["a", "b", "c"]
    assert names({"of": "test", "color": "blue"}) == ["a", "b"]
    assert names({"of": "test"}, "metadata.name=c") == ["c"]
    assert names({"of": "nobody"}) == []


def test_what_is_not_there_is_told_with_what_is(asked: Cluster) -> None:
    asked.create(CONFIG_MAP, config_map("shop-config"))
    with pytest.raises(NotInCluster, match=r"has no ConfigMap shop; there are .*shop-config"):
        asked.get(CONFIG_MAP, "shop")
    with pytest.raises(NotInCluster, match=f"namespace {asked.namespace} has no ConfigMap shop"):
        asked.patch(CONFIG_MAP, "shop", {"data": {}})
    with pytest.raises(NotInCluster, match=f"namespace {asked.namespace} has no ConfigMap shop"):
        asked.replace(CONFIG_MAP, config_map("shop"))


def test_a_namespace_that_is_not_there(asked: Cluster) -> None:
    nowhere = Cluster(asked.api, "backout-nowhere")
    with pytest.raises(NotInCluster, match="namespace backout-nowhere has no Service shop"):
        nowhere.get(SERVICE, "shop")
    with pytest.raises(CommandFailed, match='404: namespaces "backout-nowhere" not found'):
        nowhere.create(CONFIG_MAP, config_map("shop"))


def test_what_the_server_finds_wrong_is_told_in_its_words(asked: Cluster) -> None:
    asked.create(CONFIG_MAP, config_map("shop"))
    with pytest.raises(
        CommandFailed, match=f"kubectl --namespace {asked.namespace} patch configmaps shop.*422"
    ):
        asked.patch(CONFIG_MAP, "shop", {"data": {"not/allowed": "x"}}, STRATEGIC)


def test_kinds_that_the_cluster_may_not_know(asked: Cluster) -> None:
    assert asked.serves(DEPLOYMENT)
    assert not asked.serves(Resource("apis/backout.dev/v9", "wishes", "Wish"))
    assert isinstance(asked.serves(POD_METRICS), bool)


def test_a_role_s_limits_are_known_before_and_told_after(cluster: str) -> None:
    kubectl(cluster, "create", "serviceaccount", "viewer")
    kubectl(cluster, "create", "role", "viewer", "--verb=get", "--resource=configmaps")
    kubectl(cluster, "create", "rolebinding", "viewer", "--role=viewer", f"--serviceaccount={cluster}:viewer")
    credentials = with_user({"token": token_of(cluster, "viewer")})
    settings = ClusterSettings.model_validate({"namespace": cluster, "credentials": credentials})
    with settings.cluster() as connected:
        assert connected.may("get", CONFIG_MAP)
        assert not connected.may("patch", CONFIG_MAP)
        assert not connected.may("patch", DEPLOYMENT, "scale")
        assert connected.serves(DEPLOYMENT)
        with pytest.raises(ClusterForbids, match='cannot patch resource "configmaps"'):
            connected.patch(CONFIG_MAP, "shop", {"data": {}})
        # It may not list the others.
        with pytest.raises(NotInCluster, match="has no ConfigMap shop") as caught:
            connected.get(CONFIG_MAP, "shop")
        assert caught.value.known == []
        with pytest.raises(ClusterForbids, match='cannot get resource "pods/log"'):
            connected.log("shop-1", "main", 5)
    kubectl(cluster, "delete", "serviceaccount/viewer", "role/viewer", "rolebinding/viewer")


def test_logs_of_a_run_and_of_the_one_before(asked: Cluster) -> None:
    container = {"name": "main", "image": "backout-base:bookworm", "imagePullPolicy": "IfNotPresent"}
    idle = {**container, "name": "idle", "command": ["sleep", "600"]}
    spec = {"containers": [{**container, "command": LOGGER}, idle], "terminationGracePeriodSeconds": 0}
    asked.create(POD, {"metadata": {"name": "logger"}, "spec": spec})

    lines = ["first", "second", "third: \u00fc"]
    # A node clears runs away that ended, but for the last one.
    for count, last in ((10, lines), (1, lines[-1:])):
        wait_until(lambda: asked.log("logger", "main", count, before=True) == last, "a run's log", 60)  # noqa: B023
    assert list(asked.log("logger", "idle", 10)) == []
    assert list(asked.log("logger", "idle", 10, before=True)) == []
    assert list(asked.log("logger", "nobody", 10)) == []
    assert list(asked.log("nobody", "main", 10)) == []
    asked.remove(POD, "logger")
