"""A Service's traffic: which labels it sends to, which pods it reaches, and how it is sent elsewhere."""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.pods import Pod, pods_of
from blocks.kubernetes.resources import ENDPOINTS, SERVICE, Json
from domain.errors import ConfigurationError, SwitchUnclear

Labels = Mapping[str, str]
LOOK_AGAIN_S = 0.1
LABELS = re.compile(r"[A-Za-z0-9./_-]+=[A-Za-z0-9._-]*(,[A-Za-z0-9./_-]+=[A-Za-z0-9._-]*)*")
"""Labels as `kubectl get pods -l` takes them: `color=blue,track=stable`."""


def labels_of(upstream: str) -> Labels:
    """The labels that a slot is known by. Raises ConfigurationError where the text holds none."""
    if not LABELS.fullmatch(upstream):
        problem = f"`upstream: {upstream}` is no list of labels, such as `color=blue`, and this router knows slots by them"
        raise ConfigurationError(file="backout.yaml", key="slots", problem=problem)
    return dict(pair.split("=", 1) for pair in upstream.split(","))


@dataclass(frozen=True)
class Traffic:
    """The Service as it was read.

    Attributes:
        colours: slot -> the labels that make the difference.
    """

    cluster: Cluster
    service: Json
    colours: Mapping[str, Labels]

    @property
    def name(self) -> str:
        """The Service's."""
        return str(self.service["metadata"]["name"])

    @property
    def version(self) -> str:
        """Changes whenever the Service does."""
        return str(self.service["metadata"]["resourceVersion"])

    @property
    def selector(self) -> Labels:
        """What its pods carry. Raises ConfigurationError where it selects none: somebody else writes its endpoints."""
        found: Labels = self.service["spec"].get("selector") or {}
        if not found:
            problem = "it has no selector: there is nothing to switch"
            raise ConfigurationError(file=f"Service {self.name}", key="spec.selector", problem=problem)
        return found

    @property
    def common(self) -> Labels:
        """The part of the selector that says nothing about slots."""
        return {key: value for key, value in self.selector.items() if key not in self._keys}

    @property
    def coloured(self) -> bool:
        """Whether the selector says anything about slots."""
        return len(self.common) < len(self.selector)

    @property
    def slot(self) -> str | None:
        """The slot whose labels it selects; None where it is no slot's, or all slots'."""
        fitting = [
            slot for slot, labels in self.colours.items() if labels.items() <= self.selector.items()
        ]  # fmt: skip
        return max(fitting, key=lambda slot: len(self.colours[slot]), default=None)

    def pods(self, slot: str) -> list[Pod]:
        """The pods that would get its traffic."""
        return pods_of(self.cluster, {**self.common, **self.colours[slot]})

    def send_to(self, labels: Labels) -> None:
        """Select these labels instead, in one change, where nobody changed the Service since. Raises Conflict."""
        selector = {**dict.fromkeys(self._keys), **labels}
        change = {"metadata": {"resourceVersion": self.version}, "spec": {"selector": selector}}
        self.cluster.patch(SERVICE, self.name, change)

    def wait_until_reached(self, slot: str, within_s: float) -> None:
        """Return when the Service reaches the slot's pods and no other.

        Raises:
            SwitchUnclear: it does not in time: the cluster's controllers are away, or behind.
        """
        deadline = time.monotonic() + within_s
        while not (reached := self.reached()) or not self._own(slot, reached):
            if time.monotonic() > deadline:
                known = f"it selects them, and its endpoints are {', '.join(sorted(reached)) or 'none'}"
                raise SwitchUnclear(address=f"Service {self.name}", wanted=f"to {slot}", known=known)
            time.sleep(LOOK_AGAIN_S)

    def behind(self, slot: str) -> bool:
        """Whether it still reaches pods of others: its selector was changed a moment ago."""
        return not self._own(slot, self.reached())

    def reached(self) -> set[str]:
        """The names of the pods that its endpoints are."""
        endpoints = self.cluster.find(ENDPOINTS, self.name) or {}
        addresses = [
            address for part in endpoints.get("subsets") or [] for address in part.get("addresses", [])
        ]
        return {address.get("targetRef", {}).get("name", address["ip"]) for address in addresses}

    def _own(self, slot: str, names: set[str]) -> bool:
        return names <= {pod.name for pod in self.pods(slot)}

    @property
    def _keys(self) -> set[str]:
        return {key for labels in self.colours.values() for key in labels}


def ready(pods: Iterable[Pod]) -> list[Pod]:
    """Those that take traffic, and go on to."""
    return [pod for pod in pods if pod.ready and not pod.leaving]
