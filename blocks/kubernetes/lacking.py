"""What the pods of a slot cannot come up without, and is not there, as far as the cluster's API can tell."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import CONFIG_MAP
from blocks.kubernetes.slot_deployment import SlotSight
from blocks.kubernetes.stall import Trouble
from domain.errors import ClusterForbids

OF_CONFIG_MAPS = frozenset({"configMap", "configMapRef", "configMapKeyRef"})


def lacking(cluster: Cluster, seen: SlotSight, trouble: Trouble | None) -> str:
    """Empty where nothing is known to be missing: no API tells whether a node has an image before a pod asks for it.

    Args:
        cluster: its namespace.
        seen: the slot, with no pod ready.
        trouble: why the pods that it should have are not ready; None where nothing is seen.
    """
    if seen.paused:
        return seen.why_unknown(cluster.namespace)
    gone = [name for name in _needed(seen.body["spec"]["template"]["spec"]) if not _is_there(cluster, name)]
    hopeless = [trouble.why] if trouble and trouble.hopeless and seen.wanted else []
    return "; ".join([*(f"ConfigMap {name} is not there" for name in dict.fromkeys(gone)), *hopeless])


def _is_there(cluster: Cluster, config_map: str) -> bool:
    """Also where our Role may not look: nothing is said of what nobody could see."""
    with suppress(ClusterForbids):
        return cluster.find(CONFIG_MAP, config_map) is not None
    return True


def _needed(value: Any) -> Iterator[str]:
    """Names of ConfigMaps anywhere in a pod's specification, but for those that may be missing."""
    if isinstance(value, list):
        for one in value:
            yield from _needed(one)
    if isinstance(value, dict):
        for key, one in value.items():
            if (
                key in OF_CONFIG_MAPS
                and isinstance(one, dict)
                and not one.get("optional")
                and one.get("name")
            ):
                yield str(one["name"])
            yield from _needed(one)
