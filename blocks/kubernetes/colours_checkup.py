"""What is wrong with slots that are Deployments, and what mends it, for `backout doctor`."""

import shlex
from collections.abc import Callable, Iterable, Iterator

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.governors import of_autoscaler, of_owner
from blocks.kubernetes.slot_deployment import SlotSight
from blocks.kubernetes.stall import Trouble
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import BackoutError

DEPLOYMENT = "Deployment"
START = "start"
SOURCE = 'Jarvis "Option C: Blue-Green Rollback"'
See = Callable[[str], SlotSight]
Why = Callable[[SlotSight], Trouble | None]


def examined(cluster: Cluster, slots: Iterable[str], see: See, trouble: Why) -> list[Checkup]:
    """Each slot's Deployment, and who else decides on it. Never raises."""
    return [checkup for name in slots for checkup in _slot(cluster, name, see, trouble)]


def unreachable(error: BackoutError) -> Checkup:
    """The cluster cannot be asked."""
    return wrong("Kubernetes", "cluster", error.what(), Remedy(command=error.next_step()), source=SOURCE)


def _slot(cluster: Cluster, name: str, see: See, trouble: Why) -> Iterator[Checkup]:
    try:
        seen = see(name)
        yield _deployment(cluster, seen, trouble)
        yield from of_autoscaler(cluster, seen.body, seen.name, "it leaves a slot at 0 alone", SOURCE)
        yield from of_owner(seen.body, seen.name, SOURCE)
    except BackoutError as error:
        yield wrong(DEPLOYMENT, name, error.what(), source=SOURCE, symptom="cannot be read")


def _deployment(cluster: Cluster, seen: SlotSight, trouble: Why) -> Checkup:
    deployment = f"deployment/{seen.settings.deployment}"
    place = ["-n", cluster.namespace]
    if seen.paused:
        resume = Remedy(command=shlex.join(["kubectl", "rollout", "resume", deployment, *place]))
        return wrong(DEPLOYMENT, seen.name, seen.detail, resume, source=SOURCE, symptom="paused")
    if seen.wanted == 0:
        start = Remedy(
            name=f"{START} {seen.name}", command=f"backout start-backup APP {shlex.quote(seen.name)}"
        )
        return unseen(
            DEPLOYMENT, seen.name, f"{seen.detail}: it comes up first in a rollback", start, source=SOURCE
        )
    if seen.settled:
        return well(DEPLOYMENT, seen.name, f"{seen.detail}, release {seen.release.name}", source=SOURCE)
    found = trouble(seen)
    said = "; ".join([seen.detail, *([found.why] if found else [])])
    look = Remedy(command=shlex.join(["kubectl", "describe", deployment, *place]))
    return wrong(DEPLOYMENT, seen.name, said, look, source=SOURCE, symptom="not all pods are ready")
