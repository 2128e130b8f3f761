"""Why the pods of a rollout do not become ready."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.pods import RUNNING, TERMINATED, ContainerState, Pod
from blocks.kubernetes.resources import EVENT, Json
from blocks.program import masked
from domain.errors import ClusterForbids

LAST_LINES = 5
LONGEST = 300
CRASH_LOOP = "CrashLoopBackOff"
CRASHES = 3
"""Restarts that are a crash loop, also while it runs for a moment."""

OVERDUE = "ProgressDeadlineExceeded"
OF_IMAGES = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
)
HOPELESS = OF_IMAGES | {
    "CreateContainerConfigError", "CreateContainerError", "RunContainerError", CRASH_LOOP, "Error", "OOMKilled",
    "ContainerCannotRun", "StartError",
}  # fmt: skip
"""Reasons that no waiting mends, as long as nobody changes something."""


@dataclass(frozen=True)
class Trouble:
    """What is wrong. `hopeless`: waiting alone does not mend it."""

    why: str
    hopeless: bool


def trouble(cluster: Cluster, deployment: Json, pods: Sequence[Pod], secrets: set[str]) -> Trouble | None:
    """What keeps a rollout from going on; None where nothing is seen yet.

    Args:
        cluster: its namespace.
        deployment: the object, as it is now.
        pods: those of the release that is rolled out.
        secrets: what must not be repeated from a log.
    """
    conditions = {one["type"]: one for one in deployment.get("status", {}).get("conditions", [])}
    failed = conditions.get("ReplicaFailure", {})
    if failed.get("status") == "True":
        said = " ".join(failed.get("message", "").split())[:LONGEST]
        return Trouble(f"no pod can be made ({failed.get('reason')}): {said}", hopeless=True)
    found = [of_pod(cluster, pod, secrets) for pod in pods if not pod.ready]
    told = sorted((one for one in found if one), key=lambda one: not one.hopeless)
    overdue = conditions.get("Progressing", {}).get("reason") == OVERDUE
    if told:
        return Trouble(told[0].why, hopeless=told[0].hopeless or overdue)
    if overdue:
        return Trouble("its pods did not become ready within its progressDeadlineSeconds", hopeless=True)
    return None


def of_pod(cluster: Cluster, pod: Pod, secrets: set[str]) -> Trouble | None:
    """What is wrong with one pod; None where it only needs its time. Raises as Cluster does."""
    crashed = next((one for one in pod.containers if one.crashed), None)
    if crashed is not None:
        # One that runs again after a crash may have waited for another service; one that crashes again and again does not.
        again = crashed.state == RUNNING and crashed.restarts < CRASHES
        return Trouble(_crash(cluster, pod, crashed, secrets), hopeless=not again)
    if pod.reason:
        image = next((f" of {one.image}" for one in pod.containers if one.reason in OF_IMAGES), "")
        said = f"pod {pod.name}: {pod.reason}{image}: {' '.join(pod.message.split())[:LONGEST]}".rstrip(": ")
        return Trouble(said, hopeless=pod.reason in HOPELESS)
    if pod.phase == "Running":
        # A busy node sends fewer events than there are: it may have told nothing of the probe.
        probe = _probe(cluster, pod) or "its readiness probe does not pass"
        return Trouble(f"pod {pod.name} runs and is not ready: {probe}", hopeless=False)
    return None


def _crash(cluster: Cluster, pod: Pod, container: ContainerState, secrets: set[str]) -> str:
    """With the last lines of the run that crashed."""
    over = container.state == TERMINATED
    lines = cluster.log(pod.name, container.name, LAST_LINES, before=not over)
    last = masked(" | ".join(line.strip() for line in lines), secrets)
    code = container.exit_code if over else container.last_exit_code
    reason = container.reason or container.last_reason
    how = f"{reason}, its container {container.name} ended with exit code {code}"
    return f"pod {pod.name}: {how}, {container.restarts} restarts; its log ends: {last or '(empty)'}"


def _probe(cluster: Cluster, pod: Pod) -> str:
    """What the node said last of a probe that failed; empty where none did, or events may not be read."""
    fields = f"involvedObject.name={pod.name},reason=Unhealthy"
    with suppress(ClusterForbids):
        found = cluster.all(EVENT, fields=fields)
        newest = sorted(found, key=lambda one: one.get("lastTimestamp") or "")
        return " ".join(newest[-1]["message"].split())[:LONGEST] if newest else ""
    return ""
