"""Requests lost at a switch: renaming the placeholder's file, beside `caddy reload`, under keep-alive load.

Two Caddys, the same two slots behind both. The two ways run in turn, a few switches each time, so that whatever
else the machine does meanwhile meets both.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.record import Recording
from benchmarks.ways import SLOTS, Way, run_in_turn, slots
from blocks.routers.caddy_file import CaddyFile
from examples.demo.ports import free_ports
from examples.demo.proxy import Proxy


def measure(switches: int, requests: int) -> Recording:
    """Switch `switches` times each way, under at least `requests` requests each way."""
    recording = Recording("switch")
    with tempfile.TemporaryDirectory(prefix="switch-") as folder, slots(Path(folder)) as dials:
        ways = [_by_placeholder(Path(folder), dials), _by_reload(Path(folder), dials)]
        run_in_turn(ways, recording, switches, requests)
    recording.figures = _figures(*ways)
    return recording


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
