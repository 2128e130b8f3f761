"""Slots as Deployments behind one Service, on the real cluster."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.pods import Pod, pods_of
from blocks.kubernetes.resources import DEPLOYMENT, SERVICE, Json
from blocks.kubernetes.scaling import WAS, replicas
from blocks.kubernetes.settings import ClusterSettings
from tests.blocks.kubernetes.image import PORT
from tests.blocks.waiting import wait_until

if TYPE_CHECKING:
    from docker import DockerClient

SECRET = "correct-horse-battery-staple"
VERSIONS = {"blue": "2.0", "green": "1.0", "red": "0.9"}
WAIT_S = 120.0


@dataclass(frozen=True)
class Colours:
    """Deployments `NAME-COLOUR` and the Service `NAME`, which selects blue at first."""

    cluster: Cluster
    engine: "DockerClient"
    image: str
    name: str

    def create(self, slots: Mapping[str, int], variables: Mapping[str, str] | None = None) -> None:
        """Slot -> pods. Blue has the traffic; returns when all are ready."""
        for slot, count in slots.items():
            self.cluster.create(DEPLOYMENT, self.deployment(slot, count, variables or {}))
        self.create_service(self.name, {"app": self.name, "color": "blue"})
        self.wait_for(slots)
        self.wait_until_known(self.name)

    def create_service(self, name: str, selector: Mapping[str, str]) -> None:
        """On port 80."""
        spec = {"selector": dict(selector), "ports": [{"port": 80, "targetPort": PORT}]}
        body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
        self.cluster.create(SERVICE, body)

    def wait_until_known(self, name: str) -> None:
        """Until kube-proxy leads to the Service's pods: before, its address leads out of this machine, where others may answer."""
        address = f"http://{self.cluster.get(SERVICE, name)['spec']['clusterIP']}"
        wait_until(partial(_answers, address), f"Service {name}", WAIT_S)

    def deployment(self, slot: str, count: int, variables: Mapping[str, str]) -> Json:
        """As a team would write it."""
        version = VERSIONS.get(slot, "3.0")
        labels = {"app": self.name, "color": slot}
        environment = {
            "SLOT": slot,
            "APP_VERSION": version,
            "DATABASE_URL": f"postgresql://shop:{SECRET}@db/shop",
            "SLOW_RESTART_S": "5",
            **variables,
        }
        probe = {"httpGet": {"path": "/ready", "port": PORT}, "periodSeconds": 1, "initialDelaySeconds": 1}
        container = {
            "name": "app",
            "image": self.image,
            "imagePullPolicy": "Never",
            "env": [{"name": name, "value": value} for name, value in environment.items()],
            "ports": [{"containerPort": PORT}],
            "volumeMounts": [{"name": "state", "mountPath": "/state"}],
            "readinessProbe": {**probe, "failureThreshold": 1, "timeoutSeconds": 5},
        }
        told = {**labels, "app.kubernetes.io/version": version}
        template = {
            "metadata": {"labels": told},
            "spec": {
                "containers": [container],
                "terminationGracePeriodSeconds": 0,
                "volumes": [{"name": "state", "emptyDir": {}}],
            },
        }
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": f"{self.name}-{slot}", "labels": labels},
            "spec": {"replicas": count, "selector": {"matchLabels": labels}, "template": template},
        }

    @property
    def address(self) -> str:
        """The Service's own."""
        return f"http://{self.service()['spec']['clusterIP']}"

    def service(self) -> Json:
        """As it is now."""
        return self.cluster.get(SERVICE, self.name)

    def pods(self, slot: str) -> list[Pod]:
        """The slot's, those that are leaving too."""
        return pods_of(self.cluster, {"app": self.name, "color": slot})

    def again(self, slot: str) -> None:
        """The release that it has at first, where it has another one."""
        body = self.cluster.get(DEPLOYMENT, f"{self.name}-{slot}")
        first = self.deployment(slot, replicas(body), {})["spec"]["template"]
        if body["spec"]["template"]["metadata"]["labels"] != first["metadata"]["labels"]:
            template = {"metadata": first["metadata"], "spec": {"containers": first["spec"]["containers"]}}
            self.change(slot, {"spec": {"template": template}})

    def count(self, slot: str) -> int:
        """How many it is to have."""
        return replicas(self.cluster.get(DEPLOYMENT, f"{self.name}-{slot}"))

    def change(self, slot: str, change: Json) -> None:
        """Patch the slot's Deployment."""
        self.cluster.patch(DEPLOYMENT, f"{self.name}-{slot}", change)

    def scale(self, slot: str, count: int) -> None:
        """As `kubectl scale` does."""
        annotations = {"metadata": {"annotations": {WAS: None}}}
        self.change(slot, {**annotations, "spec": {"replicas": count, "paused": None}})

    def select(self, selector: Mapping[str, Any]) -> None:
        """As `kubectl patch service` does."""
        self.cluster.patch(SERVICE, self.name, {"spec": {"selector": dict(selector)}})

    def reset(self, slots: Mapping[str, int]) -> None:
        """As it was: blue serves, and each slot has as many pods, all of them well."""
        if self.service()["spec"]["selector"].get("color") != "blue":
            self.select({"color": "blue"})
        for slot, count in slots.items():
            self.again(slot)
            self.scale(slot, count)
        self.wait_for(slots)

    def wait_for(self, slots: Mapping[str, int]) -> None:
        """Until each slot has exactly as many pods, all ready."""
        for slot, count in slots.items():
            wait_until(partial(self._has, slot, count), f"{count} pods of {slot}", WAIT_S)

    def kill(self, slot: str) -> None:
        """End the slot's containers as `kill -9` does; the node starts them again."""
        for container in self._containers(slot):
            container.kill()

    def touch(self, slot: str, file: str) -> None:
        """Make a file in the slot's pods."""
        for container in self._containers(slot):
            container.exec_run(["touch", file])

    def _containers(self, slot: str) -> list[Any]:
        names = [f"io.kubernetes.pod.namespace={self.cluster.namespace}", "io.kubernetes.container.name=app"]
        found = self.engine.containers.list(filters={"label": names})
        pods = {pod.name for pod in self.pods(slot)}
        return [one for one in found if one.labels["io.kubernetes.pod.name"] in pods]

    def _has(self, slot: str, count: int) -> bool:
        pods = self.pods(slot)
        return len(pods) == count and all(pod.ready for pod in pods)


def settings(cluster: Cluster) -> ClusterSettings:
    """As `backout.yaml` gives them; an API server that is away is not waited for."""
    return ClusterSettings(namespace=cluster.namespace, away_s=0)


def blue_green(colours: Colours, slots: Iterable[str]) -> dict[str, Any]:
    """Settings of the platform `kubernetes_blue_green`, with little patience."""
    cluster = {"namespace": colours.cluster.namespace}
    return {
        "cluster": cluster,
        "slots": {slot: {"deployment": f"{colours.name}-{slot}"} for slot in slots},
        "router": {
            "kind": "kubernetes_service",
            "cluster": cluster,
            "service": colours.name,
            "address": colours.address,
            "timeout_s": 30,
        },
        "start_timeout_s": 90,
        "stalled_s": 3,
        "health_timeout_s": 1,
    }


def _answers(address: str) -> bool:
    with suppress(httpx.HTTPError, ValueError):
        return "slot" in httpx.get(address, timeout=5, trust_env=False).json()
    return False
