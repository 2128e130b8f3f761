"""The runbook's four commands, and `doctor`, as a person types them under a running `backout serve`."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.catalog import ROOT
from examples.flappyjournal.deploying import deploy, record
from examples.flappyjournal.images import Version
from examples.flappyjournal.stack import services
from tests.deployments.rollbacks import COMMAND
from tests.systems.flappyjournal.system import JournalScene, System

pytestmark = pytest.mark.engine


class Shell:
    """A person's, with the variables that lead to the stack and to `serve`."""

    def __init__(self, scene: JournalScene, folder: Path) -> None:
        self.scene = scene
        self.name = scene.name
        self.file = folder / "backout.yaml"
        self.file.write_text(yaml.safe_dump({"applications": [scene.raw]}, sort_keys=False))

    def run(self, command: str, *arguments: str, code: int = 0) -> str:
        """`backout COMMAND APP ...`; what it printed."""
        argv = [*COMMAND, command, self.name, *arguments]
        return self._ran(argv, code)

    def apply(self) -> None:
        self._ran([*COMMAND, "apply", str(self.file)], 0)

    def json(self, command: str, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(command, *arguments, "--json", code=code))

    def _ran(self, argv: list[str], code: int) -> str:
        done = subprocess.run(argv, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


def test_the_runbook_s_commands(
    scene: JournalScene, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKOUT_HOME", str(system.home.root))
    shell = Shell(scene, tmp_path)
    shell.apply()
    slot = deploy(system.stack, Version("v1.1"))
    record(system.stack, slot, scene.name)
    assert shell.json("status")["serving"] == "green"

    system.stack.project.run("stop", *services("blue"), timeout_s=60)
    wrong = shell.run("doctor", code=1)
    assert "container on blue-api-gateway" in wrong
    assert "ended with exit code 0" in wrong
    assert shell.json("start-backup", "blue")["ready"] is True

    assert "roll back" in shell.run("validate")
    said = shell.run(
        "rollback",
        "--runbook",
        "post-deploy-issue",
        "--severity",
        "critical",
        "--reason",
        "checkout is broken",
    )
    assert "rolled_back" in said
    assert system.serving() == "blue"
