"""Requests lost at a switch: renaming the placeholder's file, beside `caddy reload`, under keep-alive load.

Two Caddys, the same two slots behind both. The two ways run in turn, a few switches each time, so that whatever
else the machine does meanwhile meets both.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.record import Recording
from blocks import process
from blocks.routers.caddy_file import CaddyFile
from examples.demo.load import Load
from examples.demo.ports import free_ports
from examples.demo.proxy import Proxy
from examples.demo.waiting import wait_until, wait_until_listening

CLIENTS = 4
RATE = 2_000
ROUNDS = 10
SLOTS = ("blue", "green")
STOP_SECONDS = 10.0
CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass
class Way:
    """One way to switch: a Caddy, what moves its traffic to a slot, and what that cost so far."""

    name: str
    proxy: Proxy
    switch: Callable[[str], object]
    switches: int = 0
    requests: int = 0
    lost: Counter[str] = field(default_factory=Counter)


def measure(switches: int, requests: int) -> Recording:
    """Switch `switches` times each way, under at least `requests` requests each way."""
    recording = Recording("switch")
    with tempfile.TemporaryDirectory(prefix="switch-") as folder, _slots(Path(folder)) as dials:
        ways = [_by_placeholder(Path(folder), dials), _by_reload(Path(folder), dials)]
        try:
            for way in ways:
                way.proxy.start()
            for count in _rounds(switches):
                for way in ways:
                    sample = _run_round(way, count, -(-requests // switches))
                    recording.samples.append(sample)
        finally:
            for way in ways:
                way.proxy.stop()
    recording.figures = _figures(*ways)
    return recording


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
    way.lost += tally.total.lost
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


def _by_placeholder(folder: Path, dials: dict[str, str]) -> Way:
    """Backout's own router, as a rollback uses it."""
    active = folder / "active"
    active.write_text(dials[SLOTS[0]])
    proxy = Proxy(folder / "placeholder", free_ports(1)[0], f"{{file.{active}}}")
    router = CaddyFile(file=active, address=proxy.address)
    return Way("placeholder", proxy, lambda slot: router.switch(slot, dials, router.active(dials)))


def _by_reload(folder: Path, dials: dict[str, str]) -> Way:
    """What the runbook does by hand: another configuration, then `caddy reload`."""
    proxy = Proxy(folder / "reload", free_ports(1)[0], dials[SLOTS[0]])

    def reload(slot: str) -> None:
        proxy.write_configuration(dials[slot])
        proxy.reload()

    return Way("reload", proxy, reload)


@contextmanager
def _slots(folder: Path) -> Iterator[dict[str, str]]:
    """Two upstreams; yields what the proxy dials for each."""
    ports = dict(zip(SLOTS, free_ports(2), strict=True))
    mark = f"SWITCH_SLOTS={folder}"
    environment = {**os.environ, "SWITCH_SLOTS": str(folder)}
    try:
        for name, port in ports.items():
            argv = [sys.executable, "-m", "benchmarks.upstream", "--name", name, "--port", str(port)]
            process.start(argv, cwd=CHECKOUT, env=environment, log=folder / f"{name}.log")
        for name, port in ports.items():
            wait_until_listening(port, name)
        yield {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    finally:
        process.stop(None, mark, STOP_SECONDS)


def _figures(placeholder: Way, reload: Way) -> dict[str, float]:
    return {
        "requests": min(placeholder.requests, reload.requests),
        "lost_placeholder": placeholder.lost.total(),
        "lost_reload": reload.lost.total(),
        "switches": min(placeholder.switches, reload.switches),
    }


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(description="requests lost at a switch")
    parser.add_argument("--switches", type=int, default=50)
    parser.add_argument("--requests", type=int, default=20_000, help="at least, each way")
    arguments = parser.parse_args()
    recording = measure(arguments.switches, arguments.requests)
    bars = {name: recording.figures[f"lost_{name}"] for name in ("placeholder", "reload")}
    file = recording.write(bars, "requests lost")
    print(file, recording.figures)


if __name__ == "__main__":
    main()
