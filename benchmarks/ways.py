"""Ways to switch that are compared: each has a proxy of its own, and all run in turn under keep-alive load."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from benchmarks.record import Recording
from blocks import process
from examples.demo.load import Load
from examples.demo.ports import free_ports
from examples.demo.waiting import wait_until, wait_until_listening

CLIENTS = 4
RATE = 2_000
ROUNDS = 10
SLOTS = ("blue", "green")
STOP_SECONDS = 10.0
CHECKOUT = Path(__file__).resolve().parents[1]


class Server(Protocol):
    """A proxy that can be started and stopped."""

    @property
    def address(self) -> str:
        """Where clients ask."""

    def start(self) -> None:
        """Serve."""

    def stop(self) -> None:
        """End."""


@dataclass
class Way:
    """One way to switch: a proxy, what moves its traffic to a slot, and what that cost so far.

    `lost` counts by reason; the slots never answer with an error, so that each 5xx is the proxy's.
    """

    name: str
    proxy: Server
    switch: Callable[[str], object]
    switches: int = 0
    requests: int = 0
    lost: Counter[str] = field(default_factory=Counter)


def run_in_turn(ways: Sequence[Way], recording: Recording, switches: int, requests: int) -> None:
    """Switch `switches` times each way, under at least `requests` requests each way; a few at a time, A B A B."""
    try:
        for way in ways:
            way.proxy.start()
        for count in _rounds(switches):
            for way in ways:
                recording.samples.append(_run_round(way, count, -(-requests // switches)))
    finally:
        for way in ways:
            way.proxy.stop()


@contextmanager
def slots(folder: Path) -> Iterator[dict[str, str]]:
    """Two upstreams on ports; yields what a proxy dials for each."""
    ports = dict(zip(SLOTS, free_ports(2), strict=True))
    with _running(folder, {name: ["--port", str(port)] for name, port in ports.items()}):
        for name, port in ports.items():
            wait_until_listening(port, name)
        yield {name: f"127.0.0.1:{port}" for name, port in ports.items()}


@contextmanager
def slots_on_sockets(folder: Path) -> Iterator[dict[str, str]]:
    """The same on unix sockets: `unix//path`."""
    sockets = {name: folder / f"{name}.sock" for name in SLOTS}
    with _running(folder, {name: ["--socket", str(socket)] for name, socket in sockets.items()}):
        for name, socket in sockets.items():
            wait_until(socket.is_socket, f"the socket of {name}")
        yield {name: f"unix/{socket}" for name, socket in sockets.items()}


@contextmanager
def _running(folder: Path, places: Mapping[str, list[str]]) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    mark = "BENCHMARK_SLOTS"
    environment = {**os.environ, mark: str(folder)}
    try:
        for name, place in places.items():
            argv = [sys.executable, "-m", "benchmarks.upstream", "--name", name, *place]
            process.start(argv, cwd=CHECKOUT, env=environment, log=folder / f"{name}.log")
        yield
    finally:
        process.stop(None, f"{mark}={folder}", STOP_SECONDS)


def _rounds(switches: int) -> list[int]:
    """The switches, split over the rounds: `[5, 5, ...]`."""
    whole, rest = divmod(switches, ROUNDS)
    return [count for number in range(ROUNDS) if (count := whole + (number < rest))]


def _run_round(way: Way, switches: int, requests: int) -> dict[str, Any]:
    load = Load(way.proxy.address, CLIENTS, RATE).start()
    try:
        for _ in range(switches):
            _switch_once(way, load, requests)
    finally:
        tally = load.stop()
    way.requests += tally.total.requests
    way.lost += tally.total.lost + Counter({"5xx": tally.total.errors})
    return {"way": way.name, **tally.document()}


def _switch_once(way: Way, load: Load, requests: int) -> None:
    target = SLOTS[(way.switches + 1) % 2]
    load.mark(f"{way.name} {way.switches + 1} to {target}")
    window = load.tally.windows[-1]
    way.switch(target)
    way.switches += 1
    wait_until(lambda: window.requests >= requests, f"{requests} requests after a switch")
    serving = _serving(way.proxy.address)
    if serving != target:
        raise RuntimeError(f"{way.name}: switched to {target}, but {serving} serves")


def _serving(address: str) -> str:
    return httpx.get(address, timeout=10, trust_env=False).text
