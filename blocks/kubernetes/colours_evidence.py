"""What the cluster says of slots that are Deployments, as it is kept for the evidence: whole, and without a secret."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import yaml

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.crashes import crash_logs
from blocks.kubernetes.masking import secrets_of, shown
from blocks.kubernetes.slot_deployment import SlotSight
from blocks.kubernetes.tables import events_table, pods_table
from blocks.program import masked
from domain.errors import BackoutError


def logs(cluster: Cluster, seen: SlotSight, lines: int) -> list[str]:
    """The last lines of each pod, with its name where they are several. Raises as Cluster does."""
    several = len(seen.pods) > 1
    said = [
        f"{pod.name} | {line}" if several else line
        for pod in seen.pods
        for line in cluster.log(pod.name, seen.container, lines)
    ]
    return said[-lines:] if lines > 0 else []


def texts(
    cluster: Cluster, seen: Sequence[SlotSight], settings: Mapping[str, Any], public: Collection[str]
) -> dict[str, str]:
    """File name -> text. What cannot be had is said in its place: missing evidence must not stop a rollback."""
    secrets = secrets_of([one.body["spec"]["template"] for one in seen], public)
    deployments = [shown(one.body, public) for one in seen]
    names = [one.settings.deployment for one in seen]
    found = {
        "platform.yaml": yaml.safe_dump(settings, sort_keys=False),
        "deployments.yaml": yaml.safe_dump_all(deployments, sort_keys=False),
        "pods.txt": pods_table(pod for one in seen for pod in one.pods),
        "events.txt": _events(cluster, names),
        **crash_logs(cluster, (pod for one in seen for pod in one.pods)),
    }
    return {name: masked(text, secrets) for name, text in found.items()}


def _events(cluster: Cluster, names: Sequence[str]) -> str:
    try:
        return events_table(cluster, names)
    except BackoutError as error:
        return f"not read: {error.what()}\n"
