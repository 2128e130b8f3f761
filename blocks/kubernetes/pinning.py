"""How many revisions the cluster keeps: Backout says where they are fewer than are to be gone back to, and changes nothing."""

from collections.abc import Iterable, Sequence

from blocks.kubernetes.site import Sight, Site
from domain.release import Release

USUAL = 10
"""`revisionHistoryLimit` where a Deployment says nothing: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"""


def pin(site: Site, releases: Sequence[Release]) -> list[str]:
    """A line for each Deployment that keeps fewer. Raises as Cluster does."""
    with site.cluster() as cluster:
        return too_few(site.see(cluster).deployments.values(), len(releases))


def too_few(sights: Iterable[Sight], number: int) -> list[str]:
    """Those that keep fewer than this many releases: what serves, and as many old ReplicaSets as the limit says."""
    limits = {sight.name: sight.body["spec"].get("revisionHistoryLimit", USUAL) for sight in sights}
    return [
        f"Deployment {name} keeps {limit} old revisions (revisionHistoryLimit), and {number - 1} are to be gone back to"
        for name, limit in limits.items()
        if limit < number - 1
    ]
