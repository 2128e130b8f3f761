"""The drill on Compose, under the package's one `serve`: a test release is deployed, and its containers are broken."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks.installation import Installation
from blocks.store import drills
from deployments.catalog import ROOT
from deployments.prefect_api import PrefectApi
from domain.drill import PHASES, Drill
from domain.outcomes import Outcome
from domain.precedence import Phase
from examples.faults.injection import Faults
from tests.deployments.rollbacks import COMMAND
from tests.systems.flappyjournal.system import JournalScene, System, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.full_matrix]
LONG_S = 600.0
PATIENT_S, SLOW_S = 10.0, 0.75
"""What users may wait; the second is less than what the fault `latency` adds."""

FAULTS = ("failing-health", "errors", "latency", "crash-loop", "paused", "dead-dependency")


class Drilled:
    """An application with a drill, applied to the running `serve`.

    On a busy machine a healthy release is slow too: that must neither be an incident of its own, nor keep one from starting.
    """

    def __init__(self, scene: JournalScene, here: Installation, **drill: Any) -> None:
        self.scene, self.here = scene, here
        section = {**scene.raw["drill"], "patience_s": LONG_S, **drill}
        section["deploy"] = [*section["deploy"][:-1], scene.name]
        scene.raw = {**scene.raw, "alerts": {"cool_down_s": 0}, "drill": section}
        self.watch(PATIENT_S)

    def watch(self, slowest_s: float) -> None:
        """By the example's own signals; users may wait so long."""
        watch = self.scene.stack.raw()["watch"]
        [users, *others] = watch["signals"]
        signals = [{**users, "max_p95_s": slowest_s}, *others]
        self.scene.raw = {**self.scene.raw, "watch": {**watch, "signals": signals, "every_s": 0.5}}
        self.apply()

    def apply(self, **changes: Any) -> None:
        file = self.scene.folder / "backout.yaml"
        file.write_text(yaml.safe_dump({"applications": [{**self.scene.raw, **changes}]}, sort_keys=False))
        self.run("apply", str(file))

    def run(self, *arguments: str) -> str:
        argv = [*COMMAND, *arguments]
        done = subprocess.run(argv, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self, fault: str) -> subprocess.Popen[str]:
        """`backout drill`, as a person types it."""
        argv = [*COMMAND, "drill", self.scene.name, "--fault", fault]
        return subprocess.Popen(
            argv, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def drill(self) -> Drill:
        """The last one."""
        return drills.past(self.here.store.database, self.scene.name)[0]

    def under_way(self) -> Drill | None:
        return drills.under_way(self.here.store.database, self.scene.name)

    def approve(self) -> None:
        """Where people are asked. What something more urgent goes before at this very moment needs no yes."""
        if incident := self.asks():
            argv = [*COMMAND, "approve", incident]
            done = subprocess.run(argv, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
            ended = self.here.store.incident(incident).outcome
            assert done.returncode == 0 or ended is Outcome.SUPERSEDED, done.stdout + done.stderr

    def asks(self) -> str | None:
        """The incident that people are asked about."""
        holder = self.here.store.holder(self.scene.name)
        return holder.incident if holder and holder.phase is Phase.WAITING else None


@pytest.fixture
def drilled(scene: JournalScene, system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drilled]:
    monkeypatch.setenv("BACKOUT_HOME", str(system.home.root))
    with scene.installation() as here:
        made = Drilled(scene, here)
        yield made
        made.apply(watch={"enabled": False})


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_found_taken_back_mended_and_a_backup_is_restored(
    drilled: Drilled, system: System, fault: str
) -> None:
    if fault == "latency":
        drilled.watch(SLOW_S)
    command = drilled.start(fault)
    wait_for(lambda: command.poll() is not None or drilled.asks() is not None, "an end or a question", LONG_S)
    drilled.approve()
    out, _ = command.communicate(timeout=LONG_S)
    drill = drilled.drill()
    assert (drill.outcome, drill.problems) == (Outcome.ROLLED_BACK, []), (out, drill)
    assert all(drill.figures.phase(name) is not None for name in PHASES), drill.figures
    assert drill.figures.restore_s is not None
    assert drill.figures.lost + drill.figures.errors < drill.figures.requests, (
        "the probe got no answer at all"
    )
    assert (drill.slot, system.serving()) == ("green", "blue")
    assert drilled.here.store.incident(str(drill.incident)).request.via == "automation"
    system.stack.wait_until_healthy("green")
    assert "DRILL: " in (drilled.scene.folder / "messages.log").read_text()
    assert "- [x] Health checks are reliable" in Path(str(drill.report)).read_text()


def test_killed_it_is_cleaned_up(drilled: Drilled, system: System) -> None:
    step = "wait for the incident"
    drilled.apply(watch={"every_s": 3600})
    command = drilled.start("paused")
    wait_for(lambda: _in(drilled, step), f"the step {step}", LONG_S)
    run = drilled.under_way()
    assert run is not None
    with PrefectApi.find(system.home) as api:
        pid = api.call("GET", f"/flow_runs/{run.run}")["infrastructure_pid"]
    os.kill(int(str(pid).rpartition(":")[2]), signal.SIGKILL)
    wait_for(lambda: drilled.under_way() is None, "the clean-up", LONG_S)
    command.communicate(timeout=LONG_S)
    assert drilled.drill().problems == [f"killed in `{step}`"]
    assert Faults(system.home.state / "faults").injected() == []
    for slot in ("blue", "green"):
        system.stack.wait_until_healthy(slot)


def _in(drilled: Drilled, step: str) -> bool:
    found = drilled.under_way()
    return found is not None and found.step == step
