"""A release for a Deployment that stands aside: its image and its version's label, in one change of the pod template."""

from blocks.kubernetes.cluster import STRATEGIC, Cluster
from blocks.kubernetes.resources import DEPLOYMENT, Json
from blocks.kubernetes.revisions import CAUSE
from blocks.kubernetes.slot_deployment import SlotSight


def change_of(container: str, image: str, release: str, version_label: str) -> Json:
    """The patch, as `kubectl set image` and a label: what else the template says stays as it is."""
    template = {
        "metadata": {"labels": {version_label: release}},
        "spec": {"containers": [{"name": container, "image": image}]},
    }
    return {
        "metadata": {"annotations": {CAUSE: f"backout deploy {release}"}},
        "spec": {"template": template},
    }


def put_in(cluster: Cluster, seen: SlotSight, image: str, release: str, version_label: str) -> None:
    """All of it or nothing. Raises CommandFailed where the cluster refuses it, NotInCluster."""
    change = change_of(seen.container, image, release, version_label)
    cluster.patch(DEPLOYMENT, seen.settings.deployment, change, STRATEGIC)
