"""What containers said last before they crashed: the first thing to be gone after an undo."""

from collections.abc import Iterable

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.pods import TERMINATED, Pod

LAST_LINES = 200


def crash_logs(cluster: Cluster, pods: Iterable[Pod]) -> dict[str, str]:
    """File name -> the end of the log of each run that crashed. Raises as Cluster does."""
    return {
        f"crashed/{pod.name}.{one.name}.log": "\n".join(
            cluster.log(pod.name, one.name, LAST_LINES, before=one.state != TERMINATED)
        )
        for pod in pods
        for one in pod.containers
        if one.crashed
    }
