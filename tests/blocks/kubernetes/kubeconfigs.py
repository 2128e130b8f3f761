"""Kubeconfigs of the real cluster, with users of the tests' own."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from blocks.kubernetes.resources import CONFIG_MAP
from blocks.kubernetes.settings import ClusterSettings
from tests.blocks.kubernetes.api_proxy import kubectl

TOKEN = "hunter2-token"
"""Of nobody; it may be in no message."""

Kubeconfig = dict[str, Any]


@cache
def _users_own() -> str:
    return kubectl("default", "config", "view", "--raw", "--minify", "--flatten", "--output", "json")


def users_own() -> Kubeconfig:
    """The one that `KUBECONFIG` leads to, whole in itself."""
    found: Kubeconfig = json.loads(_users_own())
    return found


def with_user(user: dict[str, Any]) -> Kubeconfig:
    """The same cluster, as somebody else."""
    content = users_own()
    return {**content, "users": [{"name": content["users"][0]["name"], "user": user}]}


def token_of(namespace: str, account: str) -> str:
    """A service account's, by the API that every cluster of 1.20 and newer has."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    said = kubectl(namespace, "create", "--raw", path, "--filename", "-", given=body)
    return str(json.loads(said)["status"]["token"])


def written(path: Path, content: Kubeconfig) -> Path:
    """As a file."""
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def reads(namespace: str, **settings: Any) -> bool:
    """Whether the cluster lets us read with these settings. Raises what the settings and the cluster do."""
    with ClusterSettings.model_validate({"namespace": namespace, **settings}).cluster() as connected:
        return isinstance(connected.all(CONFIG_MAP), list)
