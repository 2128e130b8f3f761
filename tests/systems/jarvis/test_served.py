"""The runbook's commands as a person types them under a running `backout serve`, which has the shipped Role and nothing more."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.catalog import ROOT
from examples.jarvis.deploying import deploy, record
from examples.jarvis.release import ERRORS, Version
from tests.deployments.rollbacks import COMMAND
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import Jarvis

pytestmark = pytest.mark.cluster


class Shell:
    """A person's, with the variables that lead to the cluster and to `serve`."""

    def __init__(self, scene: JarvisScene, folder: Path) -> None:
        self.name = scene.name
        self.file = folder / "backout.yaml"
        self.file.write_text(yaml.safe_dump({"applications": [scene.raw]}, sort_keys=False))

    def run(self, *arguments: str, code: int = 0) -> str:
        """`backout ...`; what it printed."""
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def json(self, command: str) -> Any:
        return json.loads(self.run(command, self.name, "--json"))


@pytest.mark.full_matrix
def test_deployed_recorded_looked_at_and_taken_back(
    scene: JarvisScene, jarvis: Jarvis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKOUT_HOME", str(jarvis.home.root))
    shell = Shell(scene, tmp_path)
    shell.run("apply", str(shell.file))
    version = Version("v1.2.0", ERRORS)
    deploy(jarvis.stack, version)
    record(jarvis.stack, scene.name, version, version.name)
    assert shell.json("status")["serving"] == "v1.2.0"
    reason = ("--reason", "nobody can chat")
    assert "v1.1.0" in shell.run("rollback", scene.name, "--dry-run", *reason)
    said = shell.run("rollback", scene.name, "--runbook", "emergency", *reason)
    assert "rolled_back" in said
    jarvis.answers_as("v1.1.0")
    assert "v1.2.0" in shell.run("report", scene.incident().id)
