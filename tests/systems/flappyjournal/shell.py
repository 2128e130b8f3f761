"""A person's shell, with the variables that lead to the stack and to `serve`."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from deployments.catalog import ROOT
from tests.deployments.rollbacks import COMMAND
from tests.systems.flappyjournal.system import JournalScene


class Shell:
    """For one application. `beside`: entries of `backout.yaml` that are applied with it."""

    def __init__(self, scene: JournalScene, folder: Path, *beside: dict[str, Any]) -> None:
        self.scene = scene
        self.name = scene.name
        self.file = folder / "backout.yaml"
        self.file.write_text(yaml.safe_dump({"applications": [scene.raw, *beside]}, sort_keys=False))

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
