"""From an alert to the old release: through `backout serve`, through Prefect's stock process worker, by a bash script.

All are timed by the same clock: the placeholder file's own time is when users got the old release.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable
from statistics import median, quantiles

from benchmarks.alerting import EVERY_ALERT_COUNTS, Alarm, until_switched
from benchmarks.emergency import SCRIPT
from benchmarks.load import idle
from benchmarks.record import Recording
from benchmarks.scene import NEW_SLOT, OLD, OLD_SLOT, Scene, scene
from benchmarks.shops import Shop, shops
from benchmarks.stock_worker import stock_worker
from blocks.installation import serving

ROUNDS = 50
EACH_WORKER_ROUND = 10
"""The stock worker polls: one of its rounds takes as long as ten of the others."""


def measure(rounds: int) -> Recording:
    """Each way in turn; seconds from the alert to the switch, and what `serve` costs while nothing happens."""
    recording = Recording("alert")
    with scene() as here, shops(here, 2, alerts=EVERY_ALERT_COUNTS) as (warm, stock):
        cpu, memory = idle(_serve(here))
        with Alarm(here.here.home) as alarm, stock_worker(here, stock):
            for number in range(rounds):
                ways: dict[str, Callable[[], float]] = {
                    "serve": lambda: _by_alert(here, alarm, warm),
                    "script": lambda: _by_script(here, warm),
                }
                if number % EACH_WORKER_ROUND == 0:
                    ways["worker"] = lambda: _by_alert(here, alarm, stock)
                for name, way in ways.items():
                    recording.samples.append({"way": name, "round": number, "seconds": way()})
    recording.figures = {
        "alert_to_switch_median_s": _median(recording, "serve"),
        "alert_to_switch_p95_s": _p95(recording, "serve"),
        "worker_median_s": _median(recording, "worker"),
        "script_median_s": _median(recording, "script"),
        "serve_idle_cpu": cpu,
        "serve_rss_mb": memory,
    }
    return recording


def _serve(here: Scene) -> int:
    found = serving(here.here.home)
    if found is None:
        raise RuntimeError("`backout serve` has ended")
    return int(found["pid"])


def _by_alert(here: Scene, alarm: Alarm, shop: Shop) -> float:
    here.wait_until_quiet()
    shop.release(NEW_SLOT)
    return until_switched(shop, alarm.post(shop.name))


def _by_script(here: Scene, shop: Shop) -> float:
    shop.release(NEW_SLOT)
    slot = here.stack.slots[OLD_SLOT]
    argv = [
        str(SCRIPT),
        f"{slot.address}/api/health",
        slot.dial,
        str(shop.active),
        f"{shop.proxy.address}/api/health",
        OLD,
    ]
    started = time.time()
    subprocess.run(argv, check=True, capture_output=True)
    return shop.switched_at() - started


def _seconds(recording: Recording, way: str) -> list[float]:
    return [float(sample["seconds"]) for sample in recording.samples if sample["way"] == way]


def _median(recording: Recording, way: str) -> float:
    return round(median(_seconds(recording, way)), 3)


def _p95(recording: Recording, way: str) -> float:
    return round(quantiles(_seconds(recording, way), n=20, method="inclusive")[-1], 3)


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(description="seconds from an alert to the old release")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    recording = measure(parser.parse_args().rounds)
    names = {
        "serve": "alert_to_switch_median_s",
        "stock worker": "worker_median_s",
        "script": "script_median_s",
    }
    bars = {way: recording.figures[figure] for way, figure in names.items()}
    file = recording.write(bars, "seconds from the alert to the old release, median")
    print(file, recording.figures)


if __name__ == "__main__":
    main()
