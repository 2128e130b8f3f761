"""Deployments and Services in a namespace of a benchmark's own, by kubectl: as a team has them before it has Backout."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.upstream.pod import PORT

APPLICATION = Path(__file__).parent / "upstream" / "pod.py"
BASE = "python:3.11-slim-bookworm"
IMAGE = "backout-benchmark-pod:1"
REPLICAS = 3
DOCKERFILE = """
ARG BASE
FROM ${BASE}
COPY pod.py /pod.py
CMD ["python3", "-u", "/pod.py"]
"""
ROLLOUT = "--timeout=5m"


@dataclass(frozen=True)
class Namespace:
    """One namespace. Each method raises CalledProcessError."""

    name: str

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """What it printed."""
        argv = ["kubectl", "--namespace", self.name, *arguments]
        return subprocess.run(argv, input=given, check=True, capture_output=True, text=True).stdout

    def deploy(self, name: str, version: str, color: str = "") -> None:
        """Three pods that answer `color`, or `version`, and wait until they are ready."""
        body = deployment(name, version, color)
        self.apply(body)
        self.rolled_out(body["metadata"]["name"])

    def rolled_out(self, name: str) -> None:
        """Return when the rollout has ended."""
        self.kubectl("rollout", "status", f"deployment/{name}", ROLLOUT)

    def expose(self, name: str, selector: dict[str, str]) -> str:
        """Make a Service; its address."""
        ports = [{"port": 80, "targetPort": PORT}]
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name},
                "spec": {"selector": selector, "ports": ports},
            }
        )
        return "http://" + self.kubectl("get", "service", name, "--output", "jsonpath={.spec.clusterIP}")

    def apply(self, body: dict[str, Any]) -> None:
        """As `kubectl apply` does."""
        self.kubectl("apply", "--filename", "-", given=json.dumps(body))


def deployment(name: str, version: str, color: str) -> dict[str, Any]:
    """As a team would write it: nothing is tuned for the measurement but the probe's period."""
    labels = {"app": name, **({"color": color} if color else {})}
    container = {
        "name": "app",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "NAME", "value": color or version}],
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
    }
    told = {**labels, "app.kubernetes.io/version": version}
    template = {"metadata": {"labels": told}, "spec": {"containers": [container]}}
    spec = {"replicas": REPLICAS, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": f"{name}-{color}" if color else name, "labels": labels}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


@contextmanager
def namespace(name: str, base: str) -> Iterator[Namespace]:
    """A namespace that is removed at the end; the pods' image is built on `base`, a Debian 12 with Python."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(APPLICATION, folder)
        Path(folder, "Dockerfile").write_text(DOCKERFILE)
        _run(["docker", "build", "--quiet", "--build-arg", f"BASE={base}", "--tag", IMAGE, folder])
    _run(["kubectl", "create", "namespace", name])
    try:
        yield Namespace(name)
    finally:
        _run(["kubectl", "delete", "namespace", name, "--wait=false"])


def _run(argv: Sequence[str]) -> None:
    subprocess.run(argv, check=True, capture_output=True)
