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

from blocks.store import drills
from deployments.catalog import ROOT
from domain.drill import PHASES
from domain.outcomes import Outcome
from examples.jarvis.deploying import BLUE_GREEN
from examples.jarvis.stack import NEW
from tests.blocks.waiting import wait_until
from tests.deployments.rollbacks import COMMAND
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import Jarvis

pytestmark = [pytest.mark.cluster, pytest.mark.full_matrix]
ADDRESSES = ("JARVIS_LIVE_ADDRESS", "JARVIS_BLUE_ADDRESS", "JARVIS_GREEN_ADDRESS")


@pytest.fixture
def drilled(standing: Jarvis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JarvisScene]:
    """v1.1.0 serves from blue. The colours' addresses came after `serve` was started: they are written out."""
    monkeypatch.setenv("BACKOUT_HOME", str(standing.home.root))
    standing.stack.start_blue_green()
    standing.stack.give_traffic_to("blue")
    scene = JarvisScene(standing, tmp_path, BLUE_GREEN)
    text = json.dumps(scene.raw).replace('"python3"', json.dumps(sys.executable))
    for name in ADDRESSES:
        text = text.replace(f"${{{name}}}", standing.stack.variables()[name])
    scene.raw = json.loads(text)
    section = {**scene.raw["drill"], "production": False, "patience_s": 600}
    section["deploy"] = [*section["deploy"][:-1], scene.name]
    scene.raw |= {"drill": section, "watch": {**standing.raw[BLUE_GREEN]["watch"], "every_s": 2}}
    wait_until(lambda: version(scene) == NEW.name, "blue to serve", 60)
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


@pytest.mark.parametrize("fault", ["failing-health", "crash-loop", "latency"])
def test_it_is_found_taken_back_and_mended(drilled: JarvisScene, fault: str) -> None:
    backout("drill", drilled.name, "--fault", fault)
    with drilled.installation() as here:
        drill = drills.past(here.store.database, drilled.name)[0]
        incident = here.store.incident(str(drill.incident))
    assert (drill.outcome, drill.problems) == (Outcome.ROLLED_BACK, []), drill
    assert all(drill.figures.phase(name) is not None for name in PHASES), drill.figures
    assert (drill.slot, drilled.stack.live_color()) == ("green", "blue")
    assert incident.request.via == "automation"
    wait_until(lambda: version(drilled) == NEW.name, "blue to serve", 60)
    drilled.stack.kubectl.rolled_out("jarvis-api-green")
