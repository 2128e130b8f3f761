"""The drill on Kubernetes, under the package's one `serve`: a test release in the idle colour, whose pods are broken."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks.installation import Installation
from blocks.store import drills
from deployments.catalog import ROOT
from domain.drill import PHASES, Drill
from domain.incident import Incident
from domain.outcomes import Outcome
from domain.precedence import Phase
from examples.faults.injection import Faults
from examples.jarvis.deploying import BLUE_GREEN
from examples.jarvis.stack import NEW
from tests.blocks.waiting import wait_until
from tests.deployments.rollbacks import COMMAND
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import Jarvis

pytestmark = [pytest.mark.cluster, pytest.mark.full_matrix]
LONG_S = 900.0
ADDRESSES = ("JARVIS_LIVE_ADDRESS", "JARVIS_BLUE_ADDRESS", "JARVIS_GREEN_ADDRESS")


@pytest.fixture
def drilled(
    standing: Jarvis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> Iterator[JarvisScene]:
    """v1.1.0 serves from blue. The colours' addresses came after `serve` was started: they are written out.

    On a busy machine a healthy release is slow too: that must neither be an incident of its own, nor keep one from starting.
    """
    monkeypatch.setenv("BACKOUT_HOME", str(standing.home.root))
    standing.stack.start_blue_green()
    standing.stack.give_traffic_to("blue")
    scene = JarvisScene(standing, tmp_path, BLUE_GREEN)
    text = json.dumps(scene.raw).replace('"python3"', json.dumps(sys.executable))
    for name in ADDRESSES:
        text = text.replace(f"${{{name}}}", standing.stack.variables()[name])
    scene.raw = json.loads(text)
    section = {**scene.raw["drill"], "production": False, "patience_s": 600, "rate": 5}
    section["deploy"] = [*section["deploy"][:-1], scene.name]
    patient = {"health": 3 if fault == "latency" else 20, "database": 30}
    scene.raw |= {name: {**scene.raw[name], "timeout_s": seconds} for name, seconds in patient.items()}
    scene.raw |= {
        "drill": section, "alerts": {"cool_down_s": 0},
        "watch": {**standing.raw[BLUE_GREEN]["watch"], "every_s": 3},
    }  # fmt: skip
    wait_until(lambda: version(scene) == NEW.name, "blue to serve", 120)
    apply(scene)
    yield scene
    apply(scene, watch={"enabled": False})


def apply(scene: JarvisScene, **changes: Any) -> None:
    file = scene.folder / "backout.yaml"
    file.write_text(yaml.safe_dump({"applications": [{**scene.raw, **changes}]}, sort_keys=False))
    backout("apply", str(file))


def backout(*arguments: str) -> None:
    argv = [*COMMAND, *arguments]
    done = subprocess.run(argv, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def version(scene: JarvisScene) -> str:
    return str(scene.stack.about(scene.stack.live_address)["version"])


def start(scene: JarvisScene, fault: str) -> "subprocess.Popen[str]":
    """`backout drill`, as a person types it."""
    argv = [*COMMAND, "drill", scene.name, "--fault", fault]
    return subprocess.Popen(
        argv, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def drilled_with(scene: JarvisScene, fault: str) -> tuple[Drill, Incident]:
    """The drill as it ended, and its incident; a person says yes where one is asked."""
    command = start(scene, fault)
    with scene.installation() as here:
        wait_until(lambda: command.poll() is not None or asked(here, scene), "an end or a question", LONG_S)
        if incident := asked(here, scene):
            backout("approve", incident)
        said, _ = command.communicate(timeout=LONG_S)
        drill = drills.past(here.store.database, scene.name)[0]
        assert drill.passed, (said, drill)
        assert Faults(scene.home.state / "faults").injected() == []
        return drill, here.store.incident(str(drill.incident))


def asked(here: Installation, scene: JarvisScene) -> str | None:
    """The incident that people are asked about."""
    holder = here.store.holder(scene.name)
    return holder.incident if holder and holder.phase is Phase.WAITING else None


@pytest.mark.parametrize("fault", ["failing-health", "crash-loop", "latency", "errors", "full-disk"])
def test_it_is_found_taken_back_and_mended_and_a_backup_is_restored(drilled: JarvisScene, fault: str) -> None:
    drill, incident = drilled_with(drilled, fault)
    assert drill.outcome is Outcome.ROLLED_BACK
    assert all(drill.figures.phase(name) is not None for name in PHASES), drill.figures
    assert drill.figures.restore_s is not None
    assert (drill.slot, drilled.stack.live_color()) == ("green", "blue")
    assert incident.request.via == "automation"
    assert "- [x] Health checks are reliable" in Path(str(drill.report)).read_text()
    wait_until(lambda: version(drilled) == NEW.name, "blue to serve", 120)
    drilled.stack.kubectl.rolled_out("jarvis-api-green")


@pytest.mark.parametrize("fault", ["dead-dependency", "exhausted-connections", "bad-migration"])
def test_what_both_colours_suffer_from_sends_nobody_back_and_forth(drilled: JarvisScene, fault: str) -> None:
    drill, incident = drilled_with(drilled, fault)
    assert drill.outcome is Outcome.WONT_HELP
    assert drill.figures.restore_s is not None
    assert (drill.slot, drilled.stack.live_color()) == ("green", "green")
    assert incident.request.via == "automation"
    wait_until(drilled.jarvis.stack.answers, "the database to answer", 120)
