"""What pods use, as metrics.k8s.io tells it: an addition that a cluster may not have."""

from collections.abc import Collection
from contextlib import suppress

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import POD_METRICS
from domain.errors import BackoutError
from domain.release import Usage

MEGABYTE = 1_000_000
UNITS = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


def usage_of(cluster: Cluster, pods: Collection[str]) -> Usage | None:
    """What the pods of these names use together, as `kubectl top pods` has it; None where that cannot be told.

    Metrics say how many cores are used now, and not for how long: `cores` is told, `cpu_s` is not.
    """
    with suppress(BackoutError):
        if not pods or not cluster.serves(POD_METRICS):
            return None
        told = [one for one in cluster.all(POD_METRICS) if one["metadata"]["name"] in pods]
        own = [container["usage"] for one in told for container in one["containers"]]
        if own:
            memory = sum(quantity(one["memory"]) for one in own) / MEGABYTE
            return Usage(memory_mb=round(memory, 1), cores=round(sum(quantity(one["cpu"]) for one in own), 4))
    return None


def quantity(said: str) -> float:
    """A number as Kubernetes writes it: `250m`, `12Mi`, `1e3`. Raises ValueError."""
    unit = next((one for one in sorted(UNITS, key=len, reverse=True) if one and said.endswith(one)), "")
    return float(said.removesuffix(unit)) * UNITS[unit]
