"""Back on the release before, in Kubernetes: Backout's switch step beside the `kubectl` commands of Jarvis's runbook.

Two ways to go back, each by Backout and by `kubectl`, in turn, A B A B, under the same load of keep-alive clients:

- undo: a Deployment of 3 pods rolls back; seconds until the rollout has ended (`kubectl rollout undo`, `rollout status`).
- selector: a Service is switched between two Deployments of 3 pods; seconds until a new connection reaches the other
  colour (`kubectl patch service`).

Needs `KUBECONFIG`, a cluster whose node runs the local Docker engine's images, and Service addresses that are reached from here.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from statistics import median
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.pods import BASE, Namespace, namespace
from benchmarks.record import Recording
from blocks.platforms.kubernetes import Kubernetes
from blocks.platforms.kubernetes_blue_green import KubernetesBlueGreen
from examples.demo.load import Load
from examples.demo.waiting import wait_until

OLD, NEW = "1.0", "2.0"
COLORS = ("blue", "green")
ROUNDS = 5
CLIENTS, RATE = 4, 200
AFTER = 100
"""Requests that are waited for before and after."""

QUIET_S = 3.0
"""kube-proxy writes its rules once a second at most: a switch right after other changes would wait for that."""

LOOK_S = 0.005
WAIT_S = 300.0

Act = Callable[[str], object]
"""Goes to this release, or colour."""


class Eye:
    """A user who opens a new connection again and again, and remembers when somebody else answered first."""

    def __init__(self, address: str) -> None:
        self._host = urlsplit(address).hostname or ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.first: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_S):
            answer = answering(self._host)
            if answer:
                self.first.setdefault(answer, time.monotonic())


def answering(host: str) -> str | None:
    """Who answers a new connection; None where nobody does."""
    connection = HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


@dataclass(frozen=True)
class Race:
    """What is measured: an address, and the two ways to go somewhere else. `until_seen`: not until the act returns."""

    name: str
    address: str
    ways: dict[str, Act]
    until_seen: bool

    def run(self, way: str, target: str) -> dict[str, Any]:
        """Go to the target once, under load; the sample."""
        load = Load(self.address + "/", CLIENTS, RATE).start()
        try:
            self._requests(load)
            with Eye(self.address) as eye:
                wait_until(lambda: bool(eye.first), "an answer", WAIT_S)
                eye.first.pop(target, None)
                began = time.monotonic()
                self.ways[way](target)
                ended = time.monotonic()
                wait_until(lambda: target in eye.first, f"an answer of {target}", WAIT_S)
            self._requests(load)
        finally:
            tally = load.stop()
        seconds = (eye.first[target] if self.until_seen else ended) - began
        return {
            "race": self.name,
            "way": way,
            "seconds": round(seconds, 3),
            "returned": round(ended - began, 3),
            **tally.document(),
        }

    def _requests(self, load: Load) -> None:
        enough = load.tally.total.requests + AFTER
        wait_until(lambda: load.tally.total.requests >= enough, "the load's requests", WAIT_S)


def measure(rounds: int, base: str = BASE) -> Recording:
    """Go back `rounds` times each way."""
    recording = Recording("kubernetes")
    with namespace(f"backout-bench-{uuid4().hex[:6]}", base) as place:
        undo, selector = _undo(place), _selector(place)
        for number in range(rounds):
            for way in undo.ways:
                place.deploy("undo", NEW)
                wait_until(lambda: answering(urlsplit(undo.address).hostname or "") == NEW, NEW, WAIT_S)
                recording.samples.append(undo.run(way, OLD))
            for turn, way in enumerate(selector.ways):
                time.sleep(QUIET_S)
                recording.samples.append(selector.run(way, COLORS[(number * 2 + turn + 1) % 2]))
    recording.figures = _figures(recording.samples)
    return recording


def _undo(place: Namespace) -> Race:
    place.deploy("undo", OLD)
    address = place.expose("undo", {"app": "undo"})
    platform = Kubernetes.model_validate(
        {
            "cluster": {"namespace": place.name},
            "address": address,
            "deployments": {"api": {"name": "undo"}},
        }
    )

    def by_kubectl(_release: str) -> None:
        place.kubectl("rollout", "undo", "deployment/undo")
        place.rolled_out("undo")

    ways: dict[str, Act] = {
        "undo": lambda release: platform.activate(release, platform.route()),
        "kubectl_undo": by_kubectl,
    }
    return Race("undo", address, ways, until_seen=False)


def _selector(place: Namespace) -> Race:
    for color in COLORS:
        place.deploy("live", OLD, color)
    address = place.expose("live", {"app": "live", "color": COLORS[0]})
    cluster = {"namespace": place.name}
    router = {"kind": "kubernetes_service", "cluster": cluster, "service": "live", "address": address}
    slots = {color: {"deployment": f"live-{color}"} for color in COLORS}
    platform = KubernetesBlueGreen.model_validate({"cluster": cluster, "slots": slots, "router": router})
    change = '{"spec":{"selector":{"color":"%s"}}}'
    ways: dict[str, Act] = {
        "selector": lambda color: platform.activate(color, platform.route()),
        "kubectl_patch": lambda color: place.kubectl("patch", "service", "live", "--patch", change % color),
    }
    return Race("selector", address, ways, until_seen=True)


def _figures(samples: list[dict[str, Any]]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for way in ("undo", "kubectl_undo", "selector", "kubectl_patch"):
        own = [sample for sample in samples if sample["way"] == way]
        figures[f"{way}_s"] = round(median(sample["seconds"] for sample in own), 3)
        figures[f"lost_{way}"] = float(sum(sample["lost"] for sample in own))
        figures[f"requests_{way}"] = float(sum(sample["requests"] for sample in own))
    figures["undo_ratio"] = round(figures["undo_s"] / figures["kubectl_undo_s"], 2)
    figures["selector_ratio"] = round(figures["selector_s"] / figures["kubectl_patch_s"], 2)
    return figures


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(description="Kubernetes: Backout's switch beside kubectl's commands")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--base", default=BASE, help="a Debian 12 image with Python")
    arguments = parser.parse_args()
    recording = measure(arguments.rounds, arguments.base)
    bars = {name: number for name, number in recording.figures.items() if name.endswith("_s")}
    print(recording.write(bars, "seconds"), recording.figures)


if __name__ == "__main__":
    main()
