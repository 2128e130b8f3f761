"""An application's Deployments stopped for a while: what `kubectl scale --replicas=0` does, and back to what they had."""

import time
from collections.abc import Callable, Sequence

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.owners import warnings
from blocks.kubernetes.pods import pods_of
from blocks.kubernetes.resources import DEPLOYMENT
from blocks.kubernetes.scaling import autoscaler, remembered, scale, scale_back
from domain.errors import CommandFailed

BY = "stop-application"
"""The word that the annotation keeps with the number: a Deployment that somebody else scaled to 0 stays there."""

ENDED = ("Succeeded", "Failed")
LOOK_AGAIN_S = 0.25
LONGEST_LIST = 5


def stop(cluster: Cluster, names: Sequence[str], within_s: float) -> str:
    """Scale the Deployments to 0, and wait until their last pod is gone. May be repeated.

    Args:
        cluster: where they are.
        names: the Deployments'.
        within_s: seconds for their pods to go.

    Returns:
        What was done, and who else scales or owns them; one line.

    Raises:
        CommandFailed: there are still pods; the Deployments stay at 0.
        NotInCluster, Conflict: see `scale`.
    """
    for name in names:
        scale(cluster, name, 0, BY)
    _wait_until_gone(cluster, names, within_s)
    bodies = [cluster.get(DEPLOYMENT, name) for name in names]
    told = [f"{body['metadata']['name']} from {remembered(body) or 0} to 0 pods" for body in bodies]
    told += [
        f"HorizontalPodAutoscaler {found.name} leaves it at 0 meanwhile"
        for name in names
        if (found := autoscaler(cluster, name))
    ]
    return "; ".join([*told, *warnings(bodies)])


def start(cluster: Cluster, names: Sequence[str]) -> list[str]:
    """Give the Deployments which `stop` stopped the pods that they had; those, each with its number. They are not waited for."""
    stopped = stopped_ones(cluster, names)
    return [f"{name} to {_pods(scale_back(cluster, name))}" for name in stopped]


def stopped_ones(cluster: Cluster, names: Sequence[str]) -> list[str]:
    """The Deployments that `stop` stopped, and nobody started since."""
    bodies = {name: cluster.get(DEPLOYMENT, name) for name in names}
    return [name for name, body in bodies.items() if remembered(body, BY) is not None]


def missing_after(within_s: float, missing: Callable[[], list[str]]) -> list[str]:
    """What is still missing when the time is over; empty as soon as nothing is."""
    deadline = time.monotonic() + within_s
    while (left := missing()) and time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN_S)
    return left


def _wait_until_gone(cluster: Cluster, names: Sequence[str], within_s: float) -> None:
    left = missing_after(within_s, lambda: [pod for name in names for pod in _pods_of(cluster, name)])
    if left:
        more = f" and {len(left) - LONGEST_LIST} more" if len(left) > LONGEST_LIST else ""
        output = f"pods that do not go: {', '.join(left[:LONGEST_LIST])}{more}"
        doing = ["kubectl", "--namespace", cluster.namespace, "scale", "--replicas=0"]
        argv = [*doing, *(f"deployment/{name}" for name in names)]
        raise CommandFailed(argv=argv, exit_code_seen=None, output=output)


def _pods_of(cluster: Cluster, name: str) -> list[str]:
    """Those that have not ended, also where they are on their way out: until then they may write."""
    body = cluster.get(DEPLOYMENT, name)
    labels = body["spec"]["selector"].get("matchLabels")
    if not labels:  # selected in another way: its own count must do
        return [f"{name}'s"] if body.get("status", {}).get("replicas") else []
    return [pod.name for pod in pods_of(cluster, labels) if pod.phase not in ENDED]


def _pods(count: int) -> str:
    return f"{count} pod{'' if count == 1 else 's'}"
