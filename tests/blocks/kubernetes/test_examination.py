"""What `doctor` finds of Deployments on a real cluster, and the command that mends it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.platforms.kubernetes import Kubernetes
from domain.checkup import Checkup
from domain.findings import Verdict
from tests.blocks.kubernetes.deployed import API, CONFIG, NEW, OLD, Jarvis
from tests.blocks.kubernetes.kubeconfigs import token_of, users_own, with_user, written
from tests.blocks.kubernetes.test_activation import killed_at
from tests.blocks.waiting import wait_until

pytestmark = pytest.mark.cluster


def trouble(platform: Kubernetes) -> dict[str, Checkup]:
    """What is bad, by its symptom."""
    return {found.finding.symptom: found for found in platform.examine() if found.bad}


def test_all_is_well(platform: Kubernetes) -> None:
    found = platform.examine()
    assert [one.finding.verdict for one in found] == [Verdict.OK] * len(found)
    said = {one.place: one.finding.said for one in found}
    assert said["Deployment", API].startswith(f"1 of 1 pods ready, release {NEW}, revision ")
    assert said["release before", API] == f"the cluster keeps {OLD}"
    assert said["ConfigMap", CONFIG] == "2 keys"


def test_a_paused_deployment(jarvis: Jarvis, platform: Kubernetes) -> None:
    jarvis.kubectl("rollout", "pause", f"deployment/{API}")
    found = trouble(platform)["paused"]
    assert found.remedies[0].command == f"kubectl rollout resume deployment/{API} -n {jarvis.namespace}"


def test_pods_that_crash_with_the_last_words(jarvis: Jarvis, platform: Kubernetes) -> None:
    jarvis.kubectl("set", "env", f"deployment/{API}", "CRASH=3")
    wait_until(lambda: "ended with exit code 3" in said(platform), "the crash")
    assert "its log ends: jarvis-api starts | cannot go on" in said(platform)


def said(platform: Kubernetes) -> str:
    found = trouble(platform).get("not all pods are ready")
    return found.finding.said if found else ""


def test_a_rollback_that_never_ended(platform: Kubernetes) -> None:
    killed_at(platform, "wait_for", after=False)
    found = trouble(platform)["half done"]
    assert found.finding.said == f"the release was to go from {NEW} to {OLD}, and that never ended"
    assert found.remedies[0].command == f"backout rollback APP --to {OLD}"


def test_an_owner_an_autoscaler_and_a_name_that_is_not_there(jarvis: Jarvis, platform: Kubernetes) -> None:
    jarvis.kubectl("label", "deployment", API, "kustomize.toolkit.fluxcd.io/name=apps")
    jarvis.kubectl("autoscale", "deployment", API, "--min=2", "--max=5")
    try:
        assert trouble(platform)["GitOps"].remedies[0].command.startswith("flux suspend kustomization apps")
        said = [one.finding.said for one in platform.examine() if one.finding.name == "autoscaler"]
        assert said == [f"HorizontalPodAutoscaler {API} keeps 2 to 5 pods: a rollback leaves that to it"]
    finally:
        jarvis.kubectl("delete", "hpa", API)
        jarvis.kubectl("label", "deployment", API, "kustomize.toolkit.fluxcd.io/name-")
    elsewhere = jarvis.platform(deployments={"api": {"name": "jarvis"}})
    assert "has no Deployment jarvis; there are jarvis-api, jarvis-worker" in str(elsewhere.examine())


@pytest.fixture
def first(jarvis: Jarvis) -> Iterator[str]:
    """A Deployment that never had another release, and keeps none."""
    jarvis.kubectl("create", "deployment", "lone", f"--image={jarvis.image}", "--replicas=0")
    yield "lone"
    jarvis.kubectl("delete", "deployment", "lone")


def test_no_release_before(jarvis: Jarvis, first: str) -> None:
    platform = jarvis.platform(deployments={"api": {"name": first}}, flags={})
    [found] = [one for one in platform.examine() if one.finding.name == "release before"]
    assert found.finding.verdict is Verdict.NO_DATA
    jarvis.kubectl("patch", "deployment", first, "--patch", '{"spec": {"revisionHistoryLimit": 0}}')
    assert "revisionHistoryLimit is 0" in trouble(platform)["no history"].finding.said


def test_a_role_that_is_too_small(jarvis: Jarvis, tmp_path: Path) -> None:
    jarvis.kubectl("create", "serviceaccount", "reader")
    jarvis.kubectl(
        "create", "role", "reader", "--verb=get,list", "--resource=deployments.apps,replicasets.apps,pods"
    )
    jarvis.kubectl(
        "create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={jarvis.namespace}:reader"
    )
    config = written(tmp_path / "reader", with_user({"token": token_of(jarvis.namespace, "reader")}))
    found = jarvis.platform(cluster={"namespace": jarvis.namespace, "kubeconfig": config}).examine()
    bad = {one.finding.symptom: one.finding.said for one in found if one.bad}
    assert "update deployments" in bad["rights missing"]
    assert "create configmaps" in bad["rights missing"]
    assert "get deployments" not in bad["rights missing"]
    assert "refuses" in bad["cannot be read"]


def test_a_namespace_without_rights(jarvis: Jarvis, tmp_path: Path) -> None:
    jarvis.kubectl("create", "serviceaccount", "nobody")
    config = written(tmp_path / "nobody", with_user({"token": token_of(jarvis.namespace, "nobody")}))
    found = jarvis.platform(cluster={"namespace": jarvis.namespace, "kubeconfig": config}).examine()
    assert [one.finding.symptom for one in found] == ["rights missing", "cannot be read"]
    assert "docs/kubernetes.md" in found[1].remedies[0].command


def test_an_api_server_that_does_not_answer(jarvis: Jarvis, tmp_path: Path) -> None:
    content = users_own()
    nowhere = {"server": "https://127.0.0.1:1"}
    away = {**content, "clusters": [{"name": content["clusters"][0]["name"], "cluster": nowhere}]}
    config = written(tmp_path / "away", away)
    cluster = {"namespace": jarvis.namespace, "kubeconfig": config, "away_s": 0}
    [found] = jarvis.platform(cluster=cluster).examine()
    assert found.finding.symptom == "no answer"
    assert "kubectl get --raw /readyz" in found.remedies[0].command
