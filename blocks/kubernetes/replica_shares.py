"""Traffic shared out by how many pods each slot has, behind one Service: approximate, and for new connections only."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil, gcd

from blocks.kubernetes.pods import pods_of
from blocks.kubernetes.resources import DEPLOYMENT, Json
from blocks.kubernetes.scaling import autoscaler, remembered, replicas, scale, scale_back
from blocks.kubernetes.traffic import LOOK_AGAIN_S, Traffic, ready
from domain.errors import NotPrepared

WHOLE = 100
BY = "shares"
"""Kept with what a Deployment had before: it was scaled for its share."""


def counts(shares: Mapping[str, int], least: int) -> dict[str, int]:
    """Slot -> pods: the smallest numbers in this ratio which are `least` or more together."""
    step = gcd(*shares.values())
    times = max(1, ceil(least * step / WHOLE))
    return {slot: share // step * times for slot, share in shares.items()}


@dataclass(frozen=True)
class ReplicaShares:
    """The Deployments behind the slots of a Service. Each method raises as Cluster does.

    Attributes:
        within_s: seconds that pods get to come and go.
    """

    traffic: Traffic
    within_s: float

    def now(self) -> dict[str, int]:
        """Slot -> per cent of the pods that are ready; of all that the Service would reach, also those of no slot."""
        pods = ready(pods_of(self.traffic.cluster, self.traffic.common))
        found = {
            slot: sum(labels.items() <= pod.labels.items() for pod in pods)
            for slot, labels in self.traffic.colours.items()
        }
        return {slot: round(WHOLE * count / len(pods)) for slot, count in found.items() if count}

    def give(self, shares: Mapping[str, int]) -> None:
        """Scale the slots to their shares and let the Service reach all of them. No slot shrinks before the others grew.

        Raises:
            NotPrepared: a slot has no Deployment of its own, or an autoscaler that would fight it, or its pods do not
                become ready; the Service selects what it did.
            Conflict: the Service was changed since it was read.
        """
        found = {slot: self._fit(slot) for slot in self.traffic.colours}
        usual = [replicas(one) if (was := remembered(one, BY)) is None else was for one in found.values()]
        wanted = dict.fromkeys(found, 0) | counts(shares, max(usual))
        serving = [self.traffic.slot] if self.traffic.coloured else list(found)
        last = {slot for slot in serving if slot and wanted[slot] < replicas(found[slot])}
        self._scale(found, {slot: count for slot, count in wanted.items() if slot not in last})
        if self.traffic.coloured:
            self.traffic.send_to({})
        self._scale(found, {slot: wanted[slot] for slot in last})

    def before_all_to(self, slot: str) -> None:
        """Give the slot what it had before it had a share, where that was more. Raises NotPrepared, as `give` does."""
        one = self._own(slot)
        was = remembered(one, BY) if one else None
        if one and was is not None and was > replicas(one):
            scale_back(self.traffic.cluster, _name(one))
            self._wait({slot: was})

    def after_all(self) -> None:
        """Give each slot what it had before it had a share. A no-op where nothing is kept."""
        for slot in self.traffic.colours:
            one = self._own(slot)
            if one and remembered(one, BY) is not None:
                scale_back(self.traffic.cluster, _name(one))

    @cached_property
    def _deployments(self) -> list[Json]:
        return self.traffic.cluster.all(DEPLOYMENT)

    def _owners(self, slot: str) -> list[Json]:
        labels = {**self.traffic.common, **self.traffic.colours[slot]}
        return [one for one in self._deployments if labels.items() <= _template_labels(one).items()]

    def _own(self, slot: str) -> Json | None:
        """The slot's Deployment; None where it is not plain which one it is."""
        owners = self._owners(slot)
        return owners[0] if len(owners) == 1 else None

    def _fit(self, slot: str) -> Json:
        """The slot's Deployment, where it can be scaled. Raises NotPrepared."""
        one = self._own(slot)
        if one is None:
            names = ", ".join(_name(owner) for owner in self._owners(slot)) or "none"
            raise _unfit(slot, f"its labels must be those of one Deployment's pods; found: {names}")
        if scaler := autoscaler(self.traffic.cluster, _name(one)):
            raise _unfit(slot, f"HorizontalPodAutoscaler {scaler.name} decides how many pods it has")
        return one

    def _scale(self, found: Mapping[str, Json], wanted: Mapping[str, int]) -> None:
        for slot, count in wanted.items():
            scale(self.traffic.cluster, _name(found[slot]), count, BY)
        self._wait(wanted)

    def _wait(self, wanted: Mapping[str, int]) -> None:
        """Until each slot has as many pods that are ready."""
        deadline = time.monotonic() + self.within_s
        while missing := [slot for slot, count in wanted.items() if len(self._ready(slot)) != count]:
            if time.monotonic() > deadline:
                have = ", ".join(f"{slot} {len(self._ready(slot))} of {wanted[slot]}" for slot in missing)
                raise _unfit(missing[0], f"pods that are ready after {self.within_s:g} s: {have}")
            time.sleep(LOOK_AGAIN_S)

    def _ready(self, slot: str) -> Collection[object]:
        return ready(self.traffic.pods(slot))


def _name(deployment: Json) -> str:
    return str(deployment["metadata"]["name"])


def _template_labels(deployment: Json) -> dict[str, str]:
    labels: dict[str, str] = deployment["spec"]["template"]["metadata"].get("labels", {})
    return labels


def _unfit(slot: str, why: str) -> NotPrepared:
    return NotPrepared(release=f"slot {slot}", why=why)
