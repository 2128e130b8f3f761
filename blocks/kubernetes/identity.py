"""What the pods of a slot run, by the cluster's word."""

from collections.abc import Iterable

from blocks.kubernetes.pods import RUNNING, Pod
from domain.release import Identity


def identity_of(pods: Iterable[Pod]) -> Identity:
    """Container -> the digest that its node runs, of pods that stay; where they differ, of the first by name."""
    images: dict[str, str] = {}
    for pod in pods:
        for one in pod.containers:
            if not (pod.leaving or one.first) and one.state == RUNNING and one.image_id:
                images.setdefault(one.name, one.image_id.rpartition("://")[2].rpartition("@")[2])
    return Identity(images=images)
