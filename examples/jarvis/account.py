"""Backout's own way into the cluster: a kubeconfig with a token of the account `backout`, and so with its Role alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

from examples.jarvis.kubectl import Kubectl

ACCOUNT = "backout"
VALID_S = 30 * 24 * 3600
"""A cluster may give a shorter one. `renew` writes a new one."""


def write_kubeconfig(kubectl: Kubectl, file: Path) -> None:
    """Ask the TokenRequest API (Kubernetes 1.20 and newer), and write the file for nobody else to read."""
    team = kubectl.json("config", "view", "--raw", "--minify", "--flatten")
    name = team["clusters"][0]["name"]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": team["clusters"],
        "users": [{"name": ACCOUNT, "user": {"token": _token(kubectl)}}],
        "contexts": [
            {
                "name": ACCOUNT,
                "context": {"cluster": name, "user": ACCOUNT, "namespace": kubectl.namespace},
            }
        ],
        "current-context": ACCOUNT,
    }
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(config, opened, indent=1)


def _token(kubectl: Kubectl) -> str:
    path = f"/api/v1/namespaces/{kubectl.namespace}/serviceaccounts/{ACCOUNT}/token"
    asked = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": VALID_S},
    }
    answer = json.loads(kubectl.run("create", "--raw", path, "--filename", "-", given=json.dumps(asked)))
    return str(answer["status"]["token"])
