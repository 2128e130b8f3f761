"""A bad release by steps, beside the same one given all traffic at once: what users get of it until traffic is back.

Two applications on the same slots: one is deployed by `steps: [10, 25, 50, 100]`, the other by `steps: [100]`; all else is as
it comes, but no backup is made before. Both ways go through `backout deploy` and a warm `serve`, in turn, under the same keep-alive load. The release is
good until it meets users: its fault (a third of the requests fails, and its health) shows as soon as it has any traffic.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from benchmarks.record import Recording
from benchmarks.scene import CHECKOUT, CLI, NEW_SLOT, OLD, OLD_SLOT, Scene, run_cli, scene
from blocks import configuration
from blocks.files import replace_file
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from examples.demo.faults import CONTROL_FILE, Fault
from examples.demo.keepalive import Answer
from examples.demo.load import Load
from examples.demo.stack import Release
from examples.demo.tally import Tally
from examples.demo.waiting import wait_until

ROUNDS = 5
CLIENTS = 4
RATE = 200.0
"""Requests a second."""
STEPS = {"shifted": [10, 25, 50, 100], "at_once": [100]}
FAULT_S = 600.0
"""Longer than any round: the fault never ends by itself."""

Sample = dict[str, Any]


class FirstError(Tally):
    """A tally that also keeps when a client got the first error, seconds since the epoch; None where none did."""

    at: float | None = None

    def add(self, answer: Answer) -> None:
        """Count one request."""
        super().add(answer)
        if self.at is None and self.total.errors:
            self.at = time.time()


def measure(rounds: int) -> Recording:
    """Each way once a round. `errors_*` are the requests of all rounds that saw an error, `*_s` medians in seconds."""
    recording = Recording("canary")
    with scene(weighted=True) as here:
        _apply(here)
        for number in range(rounds):
            for way in STEPS:
                sample = _deployed(here, way, f"3.{len(recording.samples)}")
                recording.samples.append({"way": way, "round": number, **sample})
    recording.figures = figures(recording.samples)
    return recording


def _apply(here: Scene) -> None:
    """An application for each way, on the slots of the scene's own; the old release serves."""
    raw = configuration.read([here.stack.configuration_file])[0].raw
    entries = [
        {**raw, "name": _name(way), "deploy": {"steps": steps, "backup": False}}
        for way, steps in STEPS.items()
    ]
    file = here.stack.folder / "canaries.yaml"
    file.write_text(yaml.safe_dump({"applications": entries}, sort_keys=False))
    run_cli("apply", str(file))
    for way in STEPS:
        run_cli("record", _name(way), OLD, "--slot", OLD_SLOT)


def _name(way: str) -> str:
    return f"canary-{way.replace('_', '-')}/production"


def _deployed(here: Scene, way: str, version: str) -> Sample:
    """Deploy a release that turns out bad; what users had of it, and how long. Raises RuntimeError where it did not go back."""
    here.wait_until_quiet()
    here.stack.lay_out(Release(version))
    load = Load(here.stack.address, CLIENTS, RATE)
    load.tally = seen = FirstError()
    load.start()
    try:
        with _bad_under_users(here):
            argv = [*CLI, "deploy", _name(way), version, "--reason", "benchmark"]
            done = subprocess.run(argv, cwd=CHECKOUT, check=False, capture_output=True, text=True)
    finally:
        total = load.stop().total
    incident = here.here.store.incidents(_name(way))[0]
    if incident.outcome is not Outcome.WENT_BACK or seen.at is None:
        raise RuntimeError(f"{version} {way} ended as {incident.outcome}: {done.stdout}{done.stderr}")
    return {
        "requests": total.requests,
        "errors": total.errors,
        "lost": total.lost.total(),
        "first_bad_to_back_s": _back_at(here, incident) - seen.at,
    }


@contextmanager
def _bad_under_users(here: Scene) -> Iterator[None]:
    """The new slot's release fails from the moment that it has traffic."""
    control = here.stack.state_folder(NEW_SLOT) / CONTROL_FILE
    control.unlink(missing_ok=True)
    with ThreadPoolExecutor(1) as pool:
        struck = pool.submit(_strike, here, control)
        yield
        struck.result()
    control.unlink(missing_ok=True)


def _strike(here: Scene, control: Path) -> None:
    wait_until(lambda: NEW_SLOT in here.platform.route().served, f"traffic for {NEW_SLOT}", 180)
    fault = {"fault": Fault.ERRORS, "until": time.time() + FAULT_S}
    replace_file(control, json.dumps(fault).encode())


def _back_at(here: Scene, incident: Incident) -> float:
    entries = here.here.store.entries(incident.id)
    return next(entry.at for entry in entries if entry.kind == Happened.WENT_BACK).timestamp()


def figures(samples: list[Sample]) -> dict[str, float]:
    """What is quoted. `ratio`: errors of the release switched at once, for each one of the shifted."""
    errors = {way: sum(row["errors"] for row in samples if row["way"] == way) for way in STEPS}
    back = {way: [row["first_bad_to_back_s"] for row in samples if row["way"] == way] for way in STEPS}
    return {
        "errors_shifted": errors["shifted"],
        "errors_at_once": errors["at_once"],
        "ratio": round(errors["at_once"] / max(1, errors["shifted"]), 1),
        "first_bad_to_back_s": round(median(back["shifted"]), 2),
        "first_bad_to_back_at_once_s": round(median(back["at_once"]), 2),
        "lost": sum(row["lost"] for row in samples),
        "requests": sum(row["requests"] for row in samples),
    }


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(
        description="errors that users get of a bad release, by steps and at once"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    recording = measure(parser.parse_args().rounds)
    bars = {way: recording.figures[f"errors_{way}"] for way in STEPS}
    file = recording.write(bars, "requests that saw an error")
    print(file, recording.figures)


if __name__ == "__main__":
    main()
