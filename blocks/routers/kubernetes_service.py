"""A Kubernetes Service: a switch changes its selector."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from blocks.kubernetes.replica_shares import ReplicaShares
from blocks.kubernetes.resources import SERVICE
from blocks.kubernetes.settings import ClusterSettings, ObjectName
from blocks.kubernetes.traffic import Traffic, labels_of, ready
from blocks.routers.contract import (
    Receipt,
    Route,
    WeightedRouter,
    changed_since,
    in_words,
    shared_out,
    upstream_of,
)
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError, ClusterForbids, Conflict, NotPrepared

KEPT = "connections that clients keep open stay with the pods they are connected to until they are closed"
SOURCE = 'Jarvis "Option C: Blue-Green Rollback"'


class KubernetesService(WeightedRouter):
    """Slots are known by labels of their pods: `color=blue`. A switch puts them into the Service's `spec.selector`.

    Compare-and-set is the API server's, by the Service's `resourceVersion`: no window. A slot none of whose pods is ready is
    refused: the Service would reach nobody. When a switch returns the Service reaches the slot's pods alone, and kube-proxy
    had `settle_s` to follow. A connection that a client keeps open is not moved: it stays with its pod until it is closed.

    Shares are approximate, by numbers of pods: the selector without the slots' labels, 9 pods here and 1 there for 10 %,
    3 and 1 for 25 %, 19 and 1 for 5 %. New connections are shared out, not requests. What each Deployment had is kept in an
    annotation; a switch brings it back.
    """

    lossless: ClassVar[bool] = False
    grain: ClassVar[int] = 5
    kind: Literal["kubernetes_service"] = "kubernetes_service"
    cluster: ClusterSettings = Field(description="Where the Service is.")
    service: ObjectName = Field(description="The Service's name.")
    timeout_s: float = Field(
        default=60.0,
        gt=0,
        description="Seconds until the endpoints are the slot's; for shares, until its pods are ready.",
    )
    settle_s: float = Field(
        default=2.0,
        ge=0,
        description="Seconds that kube-proxy gets to follow the endpoints, on all nodes: it writes its rules once a second at most.",
    )

    def active(self, upstreams: Mapping[str, str]) -> Route:
        """What the selector says; where it says nothing of slots, how many ready pods each has."""
        with self._traffic(upstreams) as traffic:
            return self._route(traffic)

    def switch(self, slot: str, upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Change the selector, as the contract says.

        Raises:
            NotPrepared: no pod of the slot is ready; nothing was changed.
            SwitchUnclear: the selector was changed, and the endpoints do not follow.
        """
        upstream_of(slot, upstreams)
        with self._traffic(upstreams) as traffic:
            found, shares = self._route(traffic), ReplicaShares(traffic, self.timeout_s)
            if found.slot == slot:
                with suppress(ClusterForbids):  # a Role for switches alone: then there were no shares
                    shares.after_all()
                if traffic.behind(slot):
                    self._wait(traffic, slot)
                return Receipt(changed=False, before=slot, after=slot)
            self._compare(expected, found)
            if found.shares:
                shares.before_all_to(slot)
            if not self._select(traffic, slot, expected):
                return Receipt(changed=False, before=slot, after=slot)
            if found.shares:
                shares.after_all()
        return Receipt(changed=True, before=found.slot, after=slot, cost=_cost(found.slot))

    def share(self, shares: Mapping[str, int], upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Scale the slots to their shares, then let the Service reach all; as the contract says, but not in one step.

        Raises:
            NotPrepared: a slot cannot be scaled, or its pods do not become ready.
        """
        wanted = shared_out(shares, upstreams, self.grain)
        if len(wanted) == 1:
            return self.switch(next(iter(wanted)), upstreams, expected)
        with self._traffic(upstreams) as traffic:
            found, after = self._route(traffic), in_words(wanted)
            if found.shares == wanted:
                return Receipt(changed=False, before=after, after=after)
            self._compare(expected, found)
            ReplicaShares(traffic, self.timeout_s).give(wanted)
            time.sleep(self.settle_s)
        cost = f"shares are by numbers of pods, for new connections; {KEPT}"
        return Receipt(changed=True, before=found.slot, after=after, cost=cost)

    def examine(self) -> list[Checkup]:
        """The Service, and whom it reaches."""
        on = f"{self.service} in {self.cluster.namespace}"
        look = Remedy(command=f"kubectl get endpoints {self.service} -n {self.cluster.namespace}")
        try:
            with self._traffic({}) as traffic:
                reached, selector = sorted(traffic.reached()), traffic.selector
        except BackoutError as error:
            return [wrong("Service", on, error.what(), source=SOURCE, symptom="cannot be asked")]
        said = ",".join(f"{key}={value}" for key, value in selector.items())
        if not reached:
            return [
                wrong("Service", on, f"it reaches nobody: no pod with {said} is ready", look, source=SOURCE)
            ]
        return [well("Service", on, f"{said} reaches {', '.join(reached)}", source=SOURCE)]

    @contextmanager
    def _traffic(self, upstreams: Mapping[str, str]) -> Iterator[Traffic]:
        colours = {slot: labels_of(upstream) for slot, upstream in upstreams.items()}
        with self.cluster.cluster() as cluster:
            yield Traffic(cluster, cluster.get(SERVICE, self.service), colours)

    def _route(self, traffic: Traffic) -> Route:
        if traffic.slot or traffic.coloured:
            return Route(slot=traffic.slot, stamp=traffic.version)
        shares = ReplicaShares(traffic, self.timeout_s).now()
        return Route(slot=None, stamp=f"{traffic.version} {in_words(shares)}", shares=shares)

    def _compare(self, expected: Route, found: Route) -> None:
        if found.stamp != expected.stamp:
            raise changed_since(f"Service {self.service}", expected, found)

    def _select(self, traffic: Traffic, slot: str, expected: Route) -> bool:
        """Make the selector the slot's; False where somebody else just did. Raises as `switch` does."""
        if not ready(traffic.pods(slot)):
            why = f"none of its pods is ready, and Service {self.service} would reach nobody"
            raise NotPrepared(release=f"slot {slot}", why=why)
        try:
            traffic.send_to(traffic.colours[slot])
        except Conflict:
            now = self._route(replace(traffic, service=traffic.cluster.get(SERVICE, self.service)))
            if now.slot != slot:
                raise changed_since(f"Service {self.service}", expected, now) from None
            return False
        self._wait(traffic, slot)
        return True

    def _wait(self, traffic: Traffic, slot: str) -> None:
        traffic.wait_until_reached(slot, self.timeout_s)
        time.sleep(self.settle_s)


def _cost(before: str | None) -> str:
    return f"new connections go to the new pods; {KEPT}" + (f": those of {before}" if before else "")
