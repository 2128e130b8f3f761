"""Scaling on the real cluster. The Deployments are paused from the start, so that no pod is made."""

import json
import secrets

import pytest

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import AUTOSCALER, DEPLOYMENT, Json
from blocks.kubernetes.scaling import WAS, Autoscaler, autoscaler, remembered, replicas, scale, scale_back
from domain.errors import Conflict, NotInCluster

pytestmark = pytest.mark.cluster


@pytest.fixture
def name(api: Cluster) -> str:
    name = f"scaled-{secrets.token_hex(3)}"
    labels = {"app": name}
    containers = [{"name": "app", "image": "nothing"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": 3, "paused": True, "selector": {"matchLabels": labels}, "template": template}
    api.create(DEPLOYMENT, {"metadata": {"name": name}, "spec": spec})
    return name


def found(api: Cluster, name: str) -> Json:
    return api.get(DEPLOYMENT, name)


def test_goes_to_a_count_and_back_and_leaves_nothing_behind(api: Cluster, name: str) -> None:
    assert scale(api, name, 0) == 3
    assert (replicas(found(api, name)), remembered(found(api, name))) == (0, 3)
    assert scale_back(api, name) == 3
    assert replicas(found(api, name)) == 3
    assert WAS not in found(api, name)["metadata"].get("annotations", {})


def test_what_it_had_at_first_is_kept(api: Cluster, name: str) -> None:
    scale(api, name, 1)
    scale(api, name, 0)
    scale(api, name, 0)
    assert scale_back(api, name) == 3


def test_a_kill_between_the_note_and_the_scaling_does_no_harm(api: Cluster, name: str) -> None:
    note = json.dumps({"was": 3, "had": 3, "set": 0, "by": ""})
    api.patch(DEPLOYMENT, name, {"metadata": {"annotations": {WAS: note}}})
    assert remembered(found(api, name)) is None
    scale(api, name, 0)
    assert scale_back(api, name) == 3


def test_a_kill_between_the_second_note_and_its_scaling_does_no_harm(api: Cluster, name: str) -> None:
    scale(api, name, 1)
    note = json.dumps({"was": 3, "had": 1, "set": 0, "by": ""})
    api.patch(DEPLOYMENT, name, {"metadata": {"annotations": {WAS: note}}})
    scale(api, name, 0)
    assert scale_back(api, name) == 3


def test_what_somebody_else_decided_since_stands(api: Cluster, name: str) -> None:
    scale(api, name, 0)
    api.patch(DEPLOYMENT, name, {"spec": {"replicas": 5}}, part="scale")
    assert remembered(found(api, name)) is None
    assert scale_back(api, name) == 5
    scale(api, name, 0)
    assert scale_back(api, name) == 5


def test_a_note_that_a_person_wrote_is_no_note(api: Cluster, name: str) -> None:
    api.patch(DEPLOYMENT, name, {"metadata": {"annotations": {WAS: "three"}}})
    assert scale_back(api, name, otherwise=2) == 2


def test_no_fewer_than_are_asked_for(api: Cluster, name: str) -> None:
    scale(api, name, 0)
    assert scale_back(api, name, at_least=4) == 4


def test_what_it_was_scaled_for_is_kept_with_it(api: Cluster, name: str) -> None:
    scale(api, name, 1, by="shares")
    assert (remembered(found(api, name), "shares"), remembered(found(api, name), "")) == (3, None)


def test_a_change_in_between_is_looked_at_again(
    api: Cluster, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch, turns = Cluster.patch, iter([True])

    def disturbed(cluster: Cluster, *arguments: object, **rest: object) -> Json:
        if next(turns, False):
            patch(api, DEPLOYMENT, name, {"metadata": {"labels": {"changed": "now"}}})
        return patch(cluster, *arguments, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Cluster, "patch", disturbed)
    assert scale(api, name, 0) == 3
    assert found(api, name)["metadata"]["labels"] == {"changed": "now"}


def test_somebody_who_changes_it_all_the_time_is_told(
    api: Cluster, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: object, **_rest: object) -> Json:
        raise Conflict(on=name, expected="as it was", found="changed")

    monkeypatch.setattr(Cluster, "patch", refused)
    monkeypatch.setattr("blocks.kubernetes.scaling.PAUSE_S", 0)
    with pytest.raises(Conflict, match="changed 20 times over"):
        scale(api, name, 0)
    with pytest.raises(Conflict, match="changed 20 times over"):
        scale_back(api, name, otherwise=1)


def test_one_that_is_not_there_is_told(api: Cluster) -> None:
    with pytest.raises(NotInCluster, match="no Deployment nowhere"):
        scale(api, "nowhere", 0)


def test_an_autoscaler_is_found_by_what_it_scales(api: Cluster, name: str) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": target, "maxReplicas": 6}
    assert autoscaler(api, name) is None
    api.create(AUTOSCALER, {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "mine"}, "spec": spec})
    try:
        assert autoscaler(api, name) == Autoscaler("mine", 1, 6)
    finally:
        api.remove(AUTOSCALER, "mine")
