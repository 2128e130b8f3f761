"""An HTTPRoute of the Gateway API: a switch changes the weights of its backendRefs."""

import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Literal

from pydantic import Field

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import Json, Resource
from blocks.kubernetes.routes import LOOK_AGAIN_S, KubernetesRoutes, Weights
from blocks.kubernetes.settings import ObjectName
from domain.errors import ConfigurationError, SwitchUnclear

VERSIONS = ("v1", "v1beta1")
UNWEIGHTED = 1
"""The Gateway API's own default."""


class KubernetesGateway(KubernetesRoutes):
    """Slots are Services, `SERVICE:PORT`, in `backendRefs` of one HTTPRoute.

    All rules that name a slot's Service are changed together, in one change of the object; a slot that a rule does not
    name yet is added to it. What else the rules and their backends say stays. A switch returns when the route's
    controllers say that they took it (`status.parents`), and `settle_s` later.
    """

    kind: Literal["kubernetes_gateway"] = "kubernetes_gateway"
    route: ObjectName = Field(description="The HTTPRoute's name.")
    timeout_s: float = Field(
        default=30.0, gt=0, description="Seconds until the route's controllers must have taken a change."
    )

    @property
    def _what(self) -> str:
        return f"HTTPRoute {self.route}"

    def _read(self, cluster: Cluster) -> list[Json]:
        return [cluster.get(_resource(cluster), self.route)]

    def _weights(self, found: list[Json], services: list[str]) -> Weights:
        rules = [_of_rule(rule) for rule in _ours(found[0], services)]
        if services and any(rule != rules[0] for rule in rules):
            raise self._unfit(
                "its rules share traffic out differently: give all of them the same weights once"
            )
        return {service: weight for rule in rules for service, weight in rule.items()}

    def _give(self, cluster: Cluster, found: list[Json], weights: Weights) -> Json:
        changed = deepcopy(found[0])
        ours = _ours(changed, list(weights))
        if not ours:
            raise self._unfit(f"none of its rules names a slot's Service: {', '.join(weights)}")
        for rule in ours:
            named = _of_rule(rule)
            added = [service for service, weight in weights.items() if weight and service not in named]
            rule["backendRefs"] += [_ref(service) for service in added]
            for ref in rule["backendRefs"]:
                ref["weight"] = weights.get(_name(ref), 0)
        return cluster.replace(_resource(cluster), changed)

    def _unfit(self, problem: str) -> ConfigurationError:
        return ConfigurationError(file=self._what, key="spec.rules", problem=problem)

    def _wait(self, cluster: Cluster, given: Json) -> None:
        deadline, wanted = time.monotonic() + self.timeout_s, given["metadata"]["generation"]
        while (missing := list(_behind(self._read(cluster)[0], wanted))) and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN_S)
        if missing:
            known = f"the weights are given; {'; '.join(missing)}"
            raise SwitchUnclear(address=self._what, wanted="by the new weights", known=known)


def _resource(cluster: Cluster) -> Resource:
    """The newest version that the cluster serves."""
    known = [Resource(f"apis/gateway.networking.k8s.io/{one}", "httproutes", "HTTPRoute") for one in VERSIONS]
    found = next((one for one in known if cluster.serves(one)), None)
    if found is None:
        problem = "this cluster does not serve gateway.networking.k8s.io: install the Gateway API, or take another router"
        raise ConfigurationError(file="backout.yaml", key="router.kind", problem=problem)
    return found


def _ours(route: Json, services: list[str]) -> list[Json]:
    """The rules that name one of these Services; all where none is given."""
    rules: list[Json] = route["spec"].get("rules", [])
    return [rule for rule in rules if not services or any(one in _of_rule(rule) for one in services)]


def _of_rule(rule: Json) -> dict[str, int]:
    return {_name(ref): ref.get("weight", UNWEIGHTED) for ref in rule.get("backendRefs", [])}


def _name(ref: Json) -> str:
    return f"{ref['name']}:{ref.get('port', '')}"


def _ref(service: str) -> Json:
    name, _, port = service.partition(":")
    return {"name": name, "port": int(port)}


def _behind(route: Json, generation: int) -> Iterator[str]:
    """What keeps a controller of the route from having taken this generation."""
    parents = route.get("status", {}).get("parents", [])
    if not parents:
        yield "no controller has said anything of it (`status.parents` is empty)"
    for parent in parents:
        for kind in ("Accepted", "ResolvedRefs"):
            conditions: Json = {one["type"]: one for one in parent.get("conditions", [])}
            told = conditions.get(kind, {})
            if told.get("observedGeneration", 0) < generation:
                yield f"{parent.get('controllerName', 'a controller')} has not seen it yet ({kind})"
            elif told.get("status") != "True":
                yield f"{parent.get('controllerName', 'a controller')} refuses it: {told.get('message', kind)}"
