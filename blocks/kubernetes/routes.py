"""Objects that share requests out by weights: what routers of them have in common."""

import time
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar

from pydantic import Field

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import ENDPOINTS, Json
from blocks.kubernetes.settings import ClusterSettings
from blocks.routers.contract import (
    WHOLE,
    Receipt,
    Route,
    WeightedRouter,
    changed_since,
    in_words,
    shared_out,
    upstream_of,
)
from domain.checkup import Checkup, well, wrong
from domain.errors import BackoutError, Conflict, NotPrepared

LOOK_AGAIN_S = 0.1
ATTEMPTS = 5
COST = "new weights were given; whether kept-alive connections are closed for them is the controller's way"

Weights = Mapping[str, int]
"""`SERVICE:PORT` -> its weight."""


class KubernetesRoutes(WeightedRouter):
    """A router whose slots are Services, `SERVICE:PORT`. What is changed, and where it stands, each kind says.

    Compare-and-set is the API server's, by the object's `resourceVersion`: no window.
    """

    lossless: ClassVar[bool] = False
    cluster: ClusterSettings = Field(description="Where the objects are.")
    settle_s: float = Field(
        default=5.0, ge=0, description="Seconds that the controller gets to bring a change to its proxies."
    )

    def active(self, upstreams: Mapping[str, str]) -> Route:
        """What the weights say."""
        with self.cluster.cluster() as cluster:
            return self._route(self._read(cluster), upstreams)

    def switch(self, slot: str, upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Give the slot all traffic, as the contract says. Raises NotPrepared where its Service reaches no pod."""
        upstream_of(slot, upstreams)
        return self._move({slot: WHOLE}, upstreams, expected)

    def share(self, shares: Mapping[str, int], upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Share the traffic out, as the contract says. Raises NotPrepared where a slot's Service reaches no pod."""
        return self._move(shared_out(shares, upstreams, self.grain), upstreams, expected)

    def examine(self) -> list[Checkup]:
        """The objects, and where they send traffic."""
        on = f"{self._what} in {self.cluster.namespace}"
        try:
            with self.cluster.cluster() as cluster:
                weights = self._weights(self._read(cluster), [])
        except BackoutError as error:
            return [wrong("weights", on, error.what(), symptom="cannot be asked")]
        said = ", ".join(f"{service} {weight}" for service, weight in weights.items() if weight)
        return [well("weights", on, said)] if said else [wrong("weights", on, "it sends traffic nowhere")]

    @property
    @abstractmethod
    def _what(self) -> str:
        """What a switch changes, for messages: `HTTPRoute shop`."""

    @abstractmethod
    def _read(self, cluster: Cluster) -> list[Json]:
        """The objects; the one that a switch changes is the last. Raises NotInCluster."""

    @abstractmethod
    def _weights(self, found: list[Json], services: list[str]) -> Weights:
        """What they say of these Services and those beside them; of all where none is given. Raises ConfigurationError."""

    @abstractmethod
    def _give(self, cluster: Cluster, found: list[Json], weights: Weights) -> Json:
        """Make these the weights, 0 included, where the object is still as it was found; the new one. Raises Conflict."""

    def _wait(self, cluster: Cluster, given: Json) -> None:
        """Return when the controller has taken it."""

    def _route(self, found: list[Json], upstreams: Mapping[str, str]) -> Route:
        weights = self._weights(found, list(upstreams.values()))
        whole = sum(weights.values()) or 1
        shares = {
            slot: round(WHOLE * weights[service] / whole)
            for slot, service in upstreams.items()
            if weights.get(service)
        }
        stamp = self._stamp(found)
        if list(shares.values()) == [WHOLE]:
            return Route(slot=next(iter(shares)), stamp=stamp)
        return Route(slot=None, stamp=stamp, shares=shares)

    def _stamp(self, found: list[Json]) -> str:
        """Changes whenever the weights may have, but not with the status that controllers write."""
        return " ".join(str(one["metadata"]["generation"]) for one in found)

    def _move(self, shares: Mapping[str, int], upstreams: Mapping[str, str], expected: Route) -> Receipt:
        after = in_words(shares)
        with self.cluster.cluster() as cluster:
            for _ in range(ATTEMPTS):
                objects = self._read(cluster)
                found = self._route(objects, upstreams)
                if _shares(found) == shares:
                    return Receipt(changed=False, before=after, after=after)
                if found.stamp != expected.stamp:
                    break
                for slot in shares:
                    _require_pods(cluster, slot, upstreams[slot])
                weights = {upstream: shares.get(slot, 0) for slot, upstream in upstreams.items()}
                with suppress(Conflict):  # perhaps only its status was written: look again
                    self._wait(cluster, self._give(cluster, objects, weights))
                    time.sleep(self.settle_s)
                    return Receipt(changed=True, before=found.slot, after=after, cost=COST)
        raise changed_since(self._what, expected, found)


def _shares(route: Route) -> Mapping[str, int]:
    return {route.slot: WHOLE} if route.slot else route.shares


def _require_pods(cluster: Cluster, slot: str, upstream: str) -> None:
    """Refuse traffic for a slot whose Service reaches nobody."""
    service = upstream.partition(":")[0]
    endpoints = cluster.find(ENDPOINTS, service) or {}
    if not any(part.get("addresses") for part in endpoints.get("subsets") or []):
        raise NotPrepared(release=f"slot {slot}", why=f"Service {service} reaches no pod that is ready")
