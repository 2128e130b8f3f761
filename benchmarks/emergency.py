"""What an emergency rollback costs: from the CLI, through a warm `serve`, by `--break-glass`, and by a bash script.

All four take the same application from the same release to the same other one, in turn, and are timed by the same
clock: the placeholder file's own time is when users got the old release.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.record import Recording
from benchmarks.scene import CHECKOUT, CLI, OLD, OLD_SLOT, Scene, scene
from blocks.ledger import Ledger
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.report.record import Record
from examples.demo.document import APPLICATION
from examples.demo.waiting import wait_until

ROUNDS = 10
SCRIPT = Path(__file__).with_suffix(".sh")
EMERGENCY = ["rollback", APPLICATION, "--to", OLD, "--runbook", "emergency", "--reason", "benchmark"]

Sample = dict[str, float]


def measure(rounds: int) -> Recording:
    """Each way once a round; the figures are medians in seconds."""
    recording = Recording("emergency")
    with scene() as here:
        ways: dict[str, Callable[[Scene], Sample]] = {
            "script": by_script, "cli": by_cli, "serve": by_serve, "break_glass": by_break_glass,
        }  # fmt: skip
        for number in range(rounds):
            for name, way in ways.items():
                here.release_new()
                recording.samples.append({"way": name, "round": number, **way(here)})
        recording.figures = {
            figure: value for name in ways for figure, value in _medians(name, recording.samples).items()
        }
    return recording


def by_script(here: Scene) -> Sample:
    """Bash and curl."""
    address = f"{here.stack.address}/api/health"
    slot = here.stack.slots[OLD_SLOT]
    argv = [str(SCRIPT), f"{slot.address}/api/health", slot.dial, str(here.stack.active_file), address, OLD]
    started = time.time()
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    at = {name: float(when) for name, when in (line.split() for line in done.stdout.splitlines())}
    return {
        "total": here.switched_at() - started,
        "interpreter": at["began"] - started,
        "checks": at["checked"] - at["began"],
        "switch": at["switched"] - at["checked"],
        "verify": at["verified"] - at["switched"],
    }


def by_cli(here: Scene) -> Sample:
    """`backout rollback` through the warm `serve`, from the command's start."""
    started = time.time()
    _command(*EMERGENCY)
    return _served(here, started)


def by_serve(here: Scene) -> Sample:
    """The same run, from the request to Prefect's API: what an alert or the UI would wait."""
    parameters = {
        "application": here.api.application_block(APPLICATION),
        "target": OLD,
        "reason": "benchmark",
    }
    started = time.time()
    run = here.api.start("emergency", parameters, tags=[APPLICATION])
    wait_until(lambda: _ended(here, run), f"the end of run {run}", 60)
    return _served(here, started)


def by_break_glass(here: Scene) -> Sample:
    """`--break-glass`: neither Prefect nor the store is asked before the switch. What it did is in the store by its end."""
    started = time.time()
    _command(*EMERGENCY, "--break-glass", "--file", str(here.stack.configuration_file))
    incident = here.here.store.incidents(APPLICATION)[0]
    if incident.request.via != "break-glass":
        raise RuntimeError(f"incident {incident.id} was not begun by --break-glass")
    acts = _acts(here.here.store, incident.id, here.switched_at())
    return {
        "total": here.switched_at() - started,
        "interpreter": _seconds(incident.opened_at) - started,
        **acts,
    }


def _command(*arguments: str) -> None:
    subprocess.run([*CLI, *arguments], cwd=CHECKOUT, check=True, capture_output=True)


def _ended(here: Scene, run: str) -> bool:
    incident = here.here.store.incident_of(run)
    return incident is not None and here.here.store.incident(incident).outcome is not None


def _served(here: Scene, started: float) -> Sample:
    """The phases of the last incident. Prefect's is from the run's creation to the flow's first act."""
    incident = here.here.store.incidents(APPLICATION)[0]
    run = here.here.store.runs_of(incident.id)[0]
    found = next(one for one in here.api.runs([APPLICATION]) if one["id"] == run)
    created = _seconds(datetime.fromisoformat(found["created"]))
    return {
        "total": here.switched_at() - started,
        "interpreter": max(0.0, created - started),
        "prefect": _seconds(incident.opened_at) - created,
        **_acts(here.here.store, incident.id, here.switched_at()),
    }


def _acts(ledger: Ledger, incident: str, switched: float) -> Sample:
    """Checks: from the incident's opening to the act `switch`; switch: from there to the rename."""
    entries = Record(ledger.entries(incident)).entries
    opened = next(entry for entry in entries if entry.kind == Happened.OPENED)
    began = next(entry for entry in entries if _is_switch(entry, Happened.ACT_STARTED))
    verified = next(entry for entry in entries if entry.kind == Happened.VERIFIED)
    return {
        "checks": _seconds(began.at) - _seconds(opened.at),
        "switch": switched - _seconds(began.at),
        "verify": _seconds(verified.at) - switched,
    }


def _is_switch(entry: Entry, kind: Happened) -> bool:
    return entry.kind == kind and entry.data.get("act") == "switch"


def _seconds(when: datetime) -> float:
    return when.timestamp()


def _medians(way: str, samples: list[dict[str, Any]]) -> dict[str, float]:
    """`WAY_s`, and `WAY_PHASE_s` for each of its phases."""
    own = [sample for sample in samples if sample["way"] == way]
    phases = [name for name in own[0] if name not in ("way", "round")]
    return {
        f"{way}_s" if phase == "total" else f"{way}_{phase}_s": round(
            median(sample[phase] for sample in own), 4
        )
        for phase in phases
    }


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(description="seconds an emergency rollback takes, beside a script")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    recording = measure(parser.parse_args().rounds)
    bars = {name: recording.figures[f"{name}_s"] for name in ("script", "serve", "break_glass", "cli")}
    file = recording.write(bars, "seconds to the switch, median")
    print(file, recording.figures)


if __name__ == "__main__":
    main()
