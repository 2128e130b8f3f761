"""What a drill takes, end to end: a test release is deployed, broken, found, taken back, mended, a backup restored, reported.

On the embedded stack, with the watch as it is by default: a sample each 5 seconds, three bad ones in a row.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from statistics import median
from typing import Any

from benchmarks.alerting import EVERY_ALERT_COUNTS
from benchmarks.record import Recording
from benchmarks.scene import CHECKOUT, CLI, NEW, OLD, Scene, run_cli, scene
from domain.drill import PHASES
from examples.demo import document
from examples.demo.document import APPLICATION
from examples.demo.stack import Release

ROUNDS = 3
FAULT = "failing-health"


def measure(rounds: int, **changes: Any) -> Recording:
    """So many drills, one after the other; the figures are medians in seconds. `changes`: of the application's entry."""
    recording = Recording("drill")
    with scene() as here:
        _apply(here, changes)
        run_cli("db", "backup", APPLICATION)
        for number in range(rounds):
            here.wait_until_quiet()
            recording.samples.append({"round": number, **_drilled()})
        recording.figures = {
            f"{name}_s": round(median(sample[f"{name}_s"] for sample in recording.samples), 2)
            for name in ("drill", *PHASES, "restore")
        }
    return recording


def _apply(here: Scene, changes: dict[str, Any]) -> None:
    """The demo's entry with its drill; it is no production, whatever it is called."""
    section = {
        **document.drill(here.stack, APPLICATION, sys.executable),
        "production": False,
        "schedule": None,
    }
    policy = {"preset": "flappyjournal", "watch_s": 1, "emergency_watch_s": 1}
    entry = {"policy": policy, "drill": section, "alerts": EVERY_ALERT_COUNTS, **changes}
    run_cli("apply", str(here.stack.write_backout_yaml(Release(OLD), Release(NEW), **entry)))


def _drilled() -> dict[str, float]:
    """Seconds from the command's start to its end, and those of the phases. Raises RuntimeError where the drill fails."""
    argv = [*CLI, "drill", APPLICATION, "--fault", FAULT, "--json"]
    began = time.monotonic()
    done = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    if done.returncode != 0:
        raise RuntimeError(f"the drill failed: {done.stdout}{done.stderr}")
    figures = json.loads(done.stdout)["drill"]["figures"]
    return {"drill_s": took, **{f"{name}_s": figures[f"{name}_s"] for name in (*PHASES, "restore")}}


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(description="seconds a drill takes, end to end")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    recording = measure(parser.parse_args().rounds)
    bars = {name: recording.figures[f"{name}_s"] for name in ("drill", *PHASES, "restore")}
    file = recording.write(bars, "seconds, median")
    print(file, recording.figures)


if __name__ == "__main__":
    main()
