"""Both slots of an application stopped for a while, and up again as they were."""

from collections.abc import Callable, Mapping
from functools import partial

from blocks.kubernetes import stopping
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.proving import Patience, wait_for_pods
from blocks.kubernetes.slot_deployment import SlotDeployment, SlotSight
from blocks.kubernetes.stall import Trouble
from domain.errors import RolloutStalled


def start(
    cluster: Cluster,
    places: Mapping[str, SlotDeployment],
    see: Callable[[str], SlotSight],
    trouble: Callable[[SlotSight], Trouble | None],
    patience: Patience,
) -> str:
    """Scale up what was stopped, and wait until its pods are ready; what was done.

    Args:
        cluster: where the Deployments are.
        places: slot -> its Deployment.
        see: a slot as it is now.
        trouble: says what is wrong with a slot's pods.
        patience: how long each gets.

    Raises:
        RolloutStalled: pods do not become ready.
    """
    names = [place.deployment for place in places.values()]
    stopped = stopping.stopped_ones(cluster, names)
    started = stopping.start(cluster, names)
    for slot, place in places.items():
        if place.deployment not in stopped:
            continue
        wait_until_settled(partial(see, slot), trouble, patience)
    return ", ".join(started)


def wait_until_settled(
    see: Callable[[], SlotSight], trouble: Callable[[SlotSight], Trouble | None], patience: Patience
) -> None:
    """Until all pods are ready and of the present template. Raises RolloutStalled."""
    seen = wait_for_pods(see, trouble, patience)
    if not seen.settled:
        found = trouble(seen)
        why = "; ".join([seen.detail, *([found.why] if found else [])])
        raise RolloutStalled(seen.settings.deployment, seen.release.name, why)
