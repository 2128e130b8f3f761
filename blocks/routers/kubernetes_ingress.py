"""Two Ingresses of ingress-nginx: a switch changes the weight of the canary."""

from copy import deepcopy
from typing import Literal

from pydantic import Field

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import Json, Resource
from blocks.kubernetes.routes import KubernetesRoutes, Weights
from blocks.kubernetes.settings import ObjectName
from blocks.routers.contract import WHOLE
from domain.errors import ConfigurationError, NotPrepared

INGRESS = Resource("apis/networking.k8s.io/v1", "ingresses", "Ingress")
CANARY = "nginx.ingress.kubernetes.io/canary"
WEIGHT, TOTAL = f"{CANARY}-weight", f"{CANARY}-weight-total"


class KubernetesIngress(KubernetesRoutes):
    """Slots are Services, `SERVICE:PORT`: the backend of an Ingress, and that of a second one which is its canary.

    A switch is one change of the canary: `canary-weight: "100"` gives its Service all traffic, `"0"` none; the same change
    makes another slot its backend where that is wanted. The first Ingress is never changed. Traffic can be shared
    between its slot and one other. Annotations that send some requests by header or cookie stay, and come before weights.
    """

    kind: Literal["kubernetes_ingress"] = "kubernetes_ingress"
    ingress: ObjectName = Field(description="The Ingress that users are served by.")
    canary: ObjectName = Field(description='The second Ingress, with the annotation `canary: "true"`.')

    @property
    def _what(self) -> str:
        return f"Ingress {self.canary}"

    def _read(self, cluster: Cluster) -> list[Json]:
        return [cluster.get(INGRESS, self.ingress), cluster.get(INGRESS, self.canary)]

    def _weights(self, found: list[Json], services: list[str]) -> Weights:
        first, canary = (_service(one, services) for one in found)
        told = found[1]["metadata"].get("annotations", {})
        try:
            weight, total = int(told.get(WEIGHT, "0")), int(told.get(TOTAL, str(WHOLE)))
        except ValueError as error:
            raise ConfigurationError(file=self._what, key=WEIGHT, problem=str(error)) from error
        share = min(weight, total) if told.get(CANARY) == "true" else 0
        return {first: total} if first == canary else {first: total - share, canary: share}

    def _stamp(self, found: list[Json]) -> str:
        told = found[1]["metadata"].get("annotations", {})
        return " ".join(
            [super()._stamp(found), *(f"{key}={told.get(key)}" for key in (CANARY, WEIGHT, TOTAL))]
        )

    def _give(self, cluster: Cluster, found: list[Json], weights: Weights) -> Json:
        first = _service(found[0], list(weights))
        others = {service: weight for service, weight in weights.items() if weight and service != first}
        if len(others) > 1:
            why = f"an Ingress and its canary share traffic between {first} and one other Service"
            raise NotPrepared(release=", ".join(others), why=why)
        changed = deepcopy(found[1])
        for backend in _backends(changed) if others else []:
            backend["service"] = _backend(next(iter(others)))
        told = {CANARY: "true", WEIGHT: str(sum(others.values())), TOTAL: str(WHOLE)}
        changed["metadata"].setdefault("annotations", {}).update(told)
        return cluster.replace(INGRESS, changed)


def _backends(ingress: Json) -> list[Json]:
    spec = ingress["spec"]
    default = [spec["defaultBackend"]] if "defaultBackend" in spec else []
    paths = [path for rule in spec.get("rules", []) for path in rule.get("http", {}).get("paths", [])]
    return [one for one in [*default, *(path["backend"] for path in paths)] if "service" in one]


def _service(ingress: Json, services: list[str]) -> str:
    """`SERVICE:PORT` of the Ingress; that of a slot where it has several. Raises ConfigurationError."""
    named = list(dict.fromkeys(_name(backend["service"]) for backend in _backends(ingress)))
    ours = [service for service in named if service in services]
    chosen = named if len(named) == 1 else ours
    if len(chosen) != 1:
        problem = f"its paths must lead to one Service of a slot; found: {', '.join(named) or 'none'}"
        raise ConfigurationError(
            file=f"Ingress {ingress['metadata']['name']}", key="spec.rules", problem=problem
        )
    return chosen[0]


def _name(service: Json) -> str:
    port = service.get("port", {})
    return f"{service['name']}:{port.get('number', port.get('name', ''))}"


def _backend(service: str) -> Json:
    name, _, port = service.partition(":")
    return {"name": name, "port": {"number": int(port)} if port.isdigit() else {"name": port}}
