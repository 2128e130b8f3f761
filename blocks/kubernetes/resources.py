"""The kinds of objects that Backout asks a cluster for; each version is served by Kubernetes 1.20 and newer."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
"""An object as the API says it."""


@dataclass(frozen=True)
class Resource:
    """One kind. `group`: the path that its API begins with; `name`: as URLs have it, in the plural."""

    group: str
    name: str
    kind: str

    def path(self, namespace: str, name: str = "", subresource: str = "") -> str:
        """Where all of them, one of them, or a part of one is."""
        parts = [self.group, "namespaces", namespace, self.name, name, subresource]
        return "/" + "/".join(part for part in parts if part)


DEPLOYMENT = Resource("apis/apps/v1", "deployments", "Deployment")
REPLICA_SET = Resource("apis/apps/v1", "replicasets", "ReplicaSet")
POD_TEMPLATE = Resource("api/v1", "podtemplates", "PodTemplate")
POD = Resource("api/v1", "pods", "Pod")
SERVICE = Resource("api/v1", "services", "Service")
ENDPOINTS = Resource("api/v1", "endpoints", "Endpoints")
CONFIG_MAP = Resource("api/v1", "configmaps", "ConfigMap")
EVENT = Resource("api/v1", "events", "Event")
AUTOSCALER = Resource("apis/autoscaling/v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
POD_METRICS = Resource("apis/metrics.k8s.io/v1beta1", "pods", "PodMetrics")
