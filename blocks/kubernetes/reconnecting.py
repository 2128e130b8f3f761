"""Makes the clients of a slot connect anew: a Service's switch leaves connections that are kept open with their pods."""

import time
from collections.abc import Callable, Iterable

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import POD
from blocks.kubernetes.slot_deployment import SlotSight
from blocks.platforms.contract import Aligned
from domain.errors import BackoutError, Unreachable

LOOK_AGAIN_S = 0.25


def reconnect(slots: Iterable[str], restart: Callable[[str], int]) -> Aligned:
    """The clients of each of these slots. `restart`: restarts a slot's pods one by one, and says how many they were."""
    done, left = [], []
    for name in slots:
        try:
            count = restart(name)
        except BackoutError as error:
            left.append(f"connections to {name}: {error.what()}")
            continue
        if count:
            done.append(f"connections to {name}: its {count} pods were restarted one by one")
    return Aligned(done=done, left=left)


def restart_one_by_one(cluster: Cluster, see: Callable[[], SlotSight], within_s: float) -> int:
    """Remove each pod the slot has now, the next when the one before is replaced and ready: the others stay as a standby.

    Returns:
        How many.

    Raises:
        Unreachable: a new pod did not become ready in time; the rest were left alone.
    """
    old = [pod.name for pod in see().staying]
    for name in old:
        cluster.remove(POD, name)
        deadline = time.monotonic() + within_s
        while not _replaced(seen := see(), name):
            if time.monotonic() > deadline:
                what = f"Deployment {seen.settings.deployment}"
                raise Unreachable(
                    what_it_is=what, address=seen.name, why=f"the pod in place of {name}: {seen.detail}"
                )
            time.sleep(LOOK_AGAIN_S)
    return len(old)


def _replaced(seen: SlotSight, name: str) -> bool:
    return seen.settled and name not in {pod.name for pod in seen.staying}
