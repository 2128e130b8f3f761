"""What no log and no evidence may show: values that a pod template holds. Secrets are never read at all."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from blocks.kubernetes.resources import Json
from blocks.program import MASK

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
NEVER_SHOWN = ("managedFields",)
SECRET_WORDS = re.compile(r"passw|secret|token|key|credential|private|dsn|database_url|auth", re.IGNORECASE)
PASSWORD_IN_URL = re.compile(r"(://[^:/@\s]*:)[^@/\s]+@")
NEVER_SECRET = frozenset({"PORT", "HOST", "HOSTNAME", "LANG", "PATH", "HOME", "APP_VERSION", "NODE_ENV"})


def secrets_of(templates: Iterable[Json], public: Collection[str]) -> set[str]:
    """The values of variables in these pod templates, without those that are public, and those that are plain names."""
    every = list(templates)
    values = {
        one["value"]
        for template in every
        for container in _containers(template)
        for one in container.get("env", [])
        if one.get("value") and one["name"] not in NEVER_SECRET | set(public)
    }
    return values - {name for template in every for name in _names(template)}


def shown(body: Json, public: Collection[str]) -> Any:
    """An object for the evidence: its variables' values masked, what the cluster notes for itself left out."""
    return _without(body, public)


def entry(name: str, value: str, public: Collection[str]) -> str:
    """A ConfigMap's value: masked where its key looks like a secret's, and a URL's password anywhere."""
    if SECRET_WORDS.search(name) and name not in public:
        return MASK
    return PASSWORD_IN_URL.sub(rf"\g<1>{MASK}@", value)


def _without(value: Any, public: Collection[str]) -> Any:
    if isinstance(value, list):
        return [_without(one, public) for one in value]
    if not isinstance(value, dict):
        return value
    if "name" in value and "value" in value and value["name"] not in NEVER_SECRET | set(public):
        return {**value, "value": MASK}
    left_out = (LAST_APPLIED, *NEVER_SHOWN)
    return {key: _without(one, public) for key, one in value.items() if key not in left_out}


def _names(template: Json) -> list[str]:
    """Words of a pod template that anybody may read: labels, containers and images."""
    containers = _containers(template)
    told = [name for one in containers for name in (one["name"], one["image"])]
    return [*told, *template["metadata"].get("labels", {}).values()]


def _containers(template: Json) -> list[Json]:
    spec = template["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]
