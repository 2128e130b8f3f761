"""The last releases that served are held where the cluster's own clean-up cannot reach them, whatever is deployed after them."""

from collections.abc import Iterable, Iterator, Sequence

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.held import hold, let_go
from blocks.kubernetes.revisions import Revision
from blocks.kubernetes.site import Sight, Site
from domain.errors import ClusterForbids
from domain.release import Release

USUAL = 10
"""`revisionHistoryLimit` where a Deployment says nothing: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"""


def pin(site: Site, releases: Sequence[Release]) -> list[str]:
    """Hold what each Deployment has of these; what is held, one line each. Raises as Cluster does.

    Where our Role does not allow that, nothing is changed, and a line says so, and where the cluster keeps too few itself.
    """
    with site.cluster() as cluster:
        sights = site.see(cluster).deployments.values()
        try:
            return [line for sight in sights for line in _held(cluster, sight, releases)]
        except ClusterForbids as error:
            why = f"not held against revisionHistoryLimit, the Role does not allow it: {error.what()}"
            return [*too_few(sights, len(releases)), why]


def too_few(sights: Iterable[Sight], number: int) -> list[str]:
    """Those that keep fewer than this many releases: what serves, and as many old ReplicaSets as the limit says."""
    limits = {sight.name: sight.body["spec"].get("revisionHistoryLimit", USUAL) for sight in sights}
    return [
        f"Deployment {name} keeps {limit} old revisions (revisionHistoryLimit), and {number - 1} are to be gone back to"
        for name, limit in limits.items()
        if limit < number - 1
    ]


def _held(cluster: Cluster, sight: Sight, releases: Sequence[Release]) -> Iterator[str]:
    wanted = {row.version: revision for row in releases if (revision := _of(sight, row.version))}
    for version, revision in wanted.items():
        hold(cluster, sight.body, revision)
        yield f"{version}: held as {sight.name}'s revision {revision.number}"
    let_go(cluster, sight.body, {revision.set_name for revision in wanted.values()})


def _of(sight: Sight, version: str) -> Revision | None:
    """What would be put in place; None where the Deployment has none of it, or the cluster has not made it yet."""
    found = sight.find(version)
    return found.newest if found and found.newest.set_name else None
