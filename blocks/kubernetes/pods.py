"""The pods of a Deployment as they are now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import POD, Json

TEMPLATE_HASH = "pod-template-hash"
RUNNING, WAITING, TERMINATED = "running", "waiting", "terminated"
GOOD_ENDS = frozenset({"", "Completed"})


@dataclass(frozen=True)
class ContainerState:
    """One container of a pod.

    Attributes:
        state: `running`, `waiting` or `terminated`.
        reason: why it waits or ended, as Kubernetes calls it: `ImagePullBackOff`; empty where it says none.
        last_reason: why its run before ended: `Error`, `OOMKilled`; empty where there was none.
        first: whether it is an init container, which the others wait for.
    """

    name: str
    state: str
    ready: bool
    restarts: int
    image: str
    image_id: str
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    last_reason: str = ""
    last_exit_code: int | None = None
    first: bool = False

    @property
    def crashed(self) -> bool:
        """Whether its last run ended badly, so that there is a log worth reading."""
        return (
            self.reason not in GOOD_ENDS if self.state == TERMINATED else self.last_exit_code not in {None, 0}
        )


@dataclass(frozen=True)
class Pod:
    """One pod.

    Attributes:
        phase: `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
        leaving: it is being removed; it may answer until its grace period is over.
        since: when its node took it, UTC; None where none has.
        reason: why it does not run: what a container waits for (`ErrImagePull`), `Unschedulable`, `Evicted`; else empty.
        message: the same in the cluster's words.
        template: the hash of the pod template that it was made from; empty where no Deployment made it.
    """

    name: str
    ip: str
    phase: str
    ready: bool
    leaving: bool
    restarts: int
    since: datetime | None
    reason: str
    message: str
    containers: tuple[ContainerState, ...]
    template: str
    labels: Mapping[str, str]


def pods_of(cluster: Cluster, labels: Mapping[str, str]) -> list[Pod]:
    """The pods that carry these labels, those that are leaving too, by name. Raises as Cluster does."""
    return sorted((pod(one) for one in cluster.all(POD, labels)), key=lambda one: one.name)


def pod(said: Json) -> Pod:
    """The pod that the API describes so."""
    status, metadata = said.get("status", {}), said["metadata"]
    containers = (
        *(_container(one, first=True) for one in status.get("initContainerStatuses", [])),
        *(_container(one) for one in status.get("containerStatuses", [])),
    )
    reason, message = _held(status, containers)
    labels = metadata.get("labels", {})
    return Pod(
        name=metadata["name"],
        ip=status.get("podIP", ""),
        phase=status.get("phase", "Unknown"),
        ready=_condition(status, "Ready").get("status") == "True",
        leaving="deletionTimestamp" in metadata,
        restarts=sum(one.restarts for one in containers),
        since=moment(status.get("startTime")),
        reason=reason,
        message=message,
        containers=containers,
        template=labels.get(TEMPLATE_HASH, ""),
        labels=labels,
    )


def moment(said: str | None) -> datetime | None:
    """A time as the API writes it, `2026-11-22T12:25:00Z`."""
    return datetime.fromisoformat(said) if said else None


def _container(said: Json, *, first: bool = False) -> ContainerState:
    states: Json = said.get("state") or {WAITING: {}}
    state, now = next(iter(states.items()))
    last: Json = said.get("lastState", {}).get(TERMINATED, {})
    return ContainerState(
        name=said["name"],
        state=state,
        ready=said.get("ready", False),
        restarts=said.get("restartCount", 0),
        image=said.get("image", ""),
        image_id=said.get("imageID", ""),
        reason=now.get("reason", ""),
        message=now.get("message", ""),
        exit_code=now.get("exitCode"),
        last_reason=last.get("reason", ""),
        last_exit_code=last.get("exitCode"),
        first=first,
    )


def _held(status: Json, containers: tuple[ContainerState, ...]) -> tuple[str, str]:
    """Why the pod does not run, and in what words; both empty where it does."""
    ended = [one for one in containers if one.state == TERMINATED and one.reason not in GOOD_ENDS]
    for one in [
        *(one for one in containers if one.state == WAITING and one.reason != "PodInitializing"),
        *ended,
    ]:
        if one.reason:
            return one.reason, one.message
    if status.get("reason"):
        return status["reason"], status.get("message", "")
    scheduled = _condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        return scheduled.get("reason", ""), scheduled.get("message", "")
    return "", ""


def _condition(status: Json, kind: str) -> Json:
    known: Json = {one["type"]: one for one in status.get("conditions", [])}
    found: Json = known.get(kind, {})
    return found
