"""The team's own hands in the cluster: kubectl, in one namespace."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import CommandFailed

Manifest = dict[str, Any]
"""An object as the API takes it."""

ROLLOUT_S = 300


@dataclass(frozen=True)
class Kubectl:
    """`kubeconfig`: the team's, which may do everything in the namespace."""

    kubeconfig: Path
    namespace: str

    def run(self, *arguments: str, given: str | None = None) -> str:
        """What it prints. Raises CommandFailed."""
        argv = ["kubectl", "--kubeconfig", str(self.kubeconfig), "--namespace", self.namespace, *arguments]
        done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CommandFailed(argv=argv, exit_code_seen=done.returncode, output=done.stdout + done.stderr)
        return done.stdout

    def json(self, *arguments: str) -> Manifest:
        """The same, as JSON."""
        found: Manifest = json.loads(self.run(*arguments, "--output", "json"))
        return found

    def apply(self, manifests: Iterable[Manifest]) -> None:
        """Make these objects as they are said to be."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.run("apply", "--filename", "-", given=json.dumps(items))

    def rolled_out(self, deployment: str, timeout_s: int = ROLLOUT_S) -> None:
        """Wait until all its pods are of its newest template, and ready. Raises CommandFailed."""
        self.run("rollout", "status", f"deployment/{deployment}", f"--timeout={timeout_s}s")
