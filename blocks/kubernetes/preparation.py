"""What can be seen before a release is put in place: whether the cluster would roll it out at all."""

from blocks.kubernetes import owners
from blocks.kubernetes.activation import check_paused
from blocks.kubernetes.site import Site
from blocks.platforms.contract import Ready, Unproven
from domain.errors import NotPrepared


def make_ready(site: Site, name: str) -> Ready | Unproven:
    """See that no Deployment is paused, and say what will be put in place. Changes nothing. Raises UnknownSlot."""
    with site.cluster() as cluster:
        seen = site.see(cluster)
        release = site.release(seen.main, name)
        slot = site.slot(cluster, seen.main, release, seen.in_place)
        try:
            check_paused(release.name, seen.deployments.values())
        except NotPrepared as error:
            return Unproven(slot=slot, reason=error.what())
        image = release.newest.image(site.settings.deployments[seen.main.key].container)
        said = [f"revision {release.newest.number} of {seen.main.name} ({image})"]
        said += owners.warnings([sight.body for sight in seen.deployments.values()])
        return Ready(slot=slot, said="; ".join(said))
