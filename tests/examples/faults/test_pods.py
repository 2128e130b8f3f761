"""Faults of a Deployment's pods on a real cluster, as their users see them."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.errors import CommandFailed
from examples.demo.waiting import wait_until
from examples.faults.contract import Fault
from examples.faults.injection import Faults
from examples.faults.targets.pods import MARK, Pods
from examples.jarvis.kubectl import Kubectl, Manifest
from tests.examples.faults.contract import LONG_SECONDS, PATIENCE_SECONDS, TargetContract

pytestmark = pytest.mark.cluster
RELEASE = Path(__file__).with_name("switched.py")
NAME = "switched"
LABELS = {"app": NAME}
SMALL_DISK = "/dev/shm"
"""Each pod has its own, of 64 MiB."""
PATHS = {Fault.FULL_DISK: "/write"}


class Deployed:
    """The release in two pods behind a Service."""

    def __init__(self, kubectl: Kubectl) -> None:
        self.kubectl = kubectl
        nodes = kubectl.json("get", "nodes")["items"][0]["status"]["addresses"]
        host = next(one["address"] for one in nodes if one["type"] == "InternalIP")
        [port] = kubectl.json("get", "service", NAME)["spec"]["ports"]
        self.address = f"http://{host}:{port['nodePort']}"

    def deployment(self) -> Manifest:
        return self.kubectl.json("get", "deployment", NAME)

    def ready(self) -> int:
        return int(self.deployment()["status"].get("readyReplicas", 0))

    def restarts(self) -> int:
        pods = self.kubectl.json("get", "pods", "--selector", f"app={NAME}")["items"]
        statuses = [one for pod in pods for one in pod["status"].get("containerStatuses", [])]
        return sum(one["restartCount"] for one in statuses)


def manifests(image: str) -> list[Manifest]:
    container: dict[str, Any] = {
        "name": NAME,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", RELEASE.read_text()],
        "env": [{"name": "DISK", "value": SMALL_DISK}],
        "readinessProbe": {
            "httpGet": {"path": "/health", "port": 8000},
            "periodSeconds": 1,
            "timeoutSeconds": 4,
        },
    }
    pod = {
        "containers": [container],
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
    }
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": pod},
    }
    ways = {"type": "NodePort", "selector": LABELS, "ports": [{"port": 8000}]}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME}, "spec": ways},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME}, "spec": spec},
    ]


@pytest.fixture(scope="module")
def deployed(cluster: str, base_image: str) -> Iterator[Deployed]:
    kubectl = Kubectl(Path(os.environ["KUBECONFIG"]), cluster)
    kubectl.apply(manifests(base_image))
    kubectl.rolled_out(NAME)
    yield Deployed(kubectl)
    kubectl.run("delete", "deployment,service", NAME, "--wait=false")


class TestPods(TargetContract):
    expires = Fault.DEAD_DEPENDENCY
    impossible = Fault.BAD_MIGRATION

    @pytest.fixture(autouse=True)
    def _on(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.gone(Fault.CRASH_LOOP)

    def target(self) -> str:
        return f"pods:{self.deployed.kubectl.namespace}/{NAME}:{SMALL_DISK}"

    def well(self, fault: Fault) -> bool:
        address = f"{self.deployed.address}{PATHS.get(fault, '')}"
        try:
            answers = [httpx.get(address, timeout=2.0, trust_env=False) for _ in range(4)]
        except httpx.HTTPError:
            return False
        return all(one.status_code == 200 for one in answers) and self.deployed.ready() == 2

    def answers(self) -> set[int]:
        """What users get who write; each connection may meet the other pod."""
        address = f"{self.deployed.address}/write"
        try:
            return {httpx.get(address, timeout=2.0, trust_env=False).status_code for _ in range(8)}
        except httpx.HTTPError:
            return set()

    @pytest.mark.full_matrix
    def test_it_is_undone_though_its_keeper_was_killed(self, faults: Faults) -> None:
        super().test_it_is_undone_though_its_keeper_was_killed(faults)

    @pytest.mark.full_matrix
    @pytest.mark.parametrize("fault", list(Pods.faults))
    def test_it_breaks_and_mends(self, faults: Faults, fault: Fault) -> None:
        before = self.deployed.deployment()["spec"]
        self.breaks_and_mends(faults, fault)
        found = self.deployed.deployment()
        assert found["spec"] == before
        assert MARK not in json.dumps(found["metadata"]["annotations"])

    @pytest.mark.full_matrix
    def test_a_container_that_starts_again_exits_again(self, faults: Faults) -> None:
        before = self.deployed.restarts()
        faults.inject(self.target(), Fault.CRASH_LOOP, LONG_SECONDS)
        wait_until(lambda: self.deployed.restarts() >= before + 4, "two starts of each", PATIENCE_SECONDS)
        faults.undo(self.target(), Fault.CRASH_LOOP)
        self.gone(Fault.CRASH_LOOP)

    @pytest.mark.full_matrix
    def test_the_disk_of_a_pod_that_comes_later_is_filled_too(self, faults: Faults) -> None:
        faults.inject(self.target(), Fault.FULL_DISK, LONG_SECONDS)
        self.deployed.kubectl.run("delete", "pod", "--selector", f"app={NAME}", "--wait=false")
        self.deployed.kubectl.rolled_out(NAME)
        wait_until(lambda: self.answers() == {507}, "the new pods to be full", PATIENCE_SECONDS)
        faults.undo(self.target(), Fault.FULL_DISK)
        self.gone(Fault.FULL_DISK)

    @pytest.mark.full_matrix
    def test_a_large_disk_is_not_filled(self, faults: Faults) -> None:
        pods = f"pods:{self.deployed.kubectl.namespace}/{NAME}"
        for folder, why in ((":/", "is not filled"), ("", "names no folder")):
            with pytest.raises(CommandFailed, match=why):
                faults.inject(f"{pods}{folder}", Fault.FULL_DISK, LONG_SECONDS)
        assert faults.injected() == []
        assert MARK not in json.dumps(self.deployed.deployment()["metadata"]["annotations"])

    @pytest.mark.full_matrix
    def test_one_that_is_gone_has_nothing_to_undo(self, faults: Faults) -> None:
        gone = f"pods:{self.deployed.kubectl.namespace}/never-there"
        with pytest.raises(CommandFailed, match="no Deployment"):
            faults.inject(gone, Fault.ERRORS)
        assert not faults.undo(gone, Fault.CRASH_LOOP)
