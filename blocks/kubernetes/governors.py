"""Who else decides on a Deployment, for `doctor`: an autoscaler on its pods, a GitOps tool on all of it."""

from collections.abc import Iterator

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.owners import owner_of
from blocks.kubernetes.resources import Json
from blocks.kubernetes.scaling import autoscaler
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import ClusterForbids

AUTOSCALER, OWNER = "autoscaler", "owner"


def of_autoscaler(cluster: Cluster, body: Json, on: str, leaves: str, source: str) -> Iterator[Checkup]:
    """The Deployment's autoscaler, where there is one, or that it may not be asked for. `leaves`: what that means for a rollback."""
    try:
        found = autoscaler(cluster, body["metadata"]["name"])
    except ClusterForbids as error:
        yield unseen(AUTOSCALER, on, error.what(), source=source)
        return
    if found:
        said = f"HorizontalPodAutoscaler {found.name} keeps {found.lowest} to {found.highest} pods: {leaves}"
        yield well(AUTOSCALER, on, said, source=source)


def of_owner(body: Json, on: str, source: str) -> Iterator[Checkup]:
    """The tool that a Deployment belongs to; wrong where it would put back what a rollback changes."""
    owner = owner_of(body)
    if owner and owner.reverts:
        hold = Remedy(command=owner.hold)
        yield wrong(OWNER, on, owner.warning, hold, source=source, symptom="GitOps")
    elif owner:
        yield well(OWNER, on, owner.warning, source=source)
