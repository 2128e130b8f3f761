"""How many pods a Deployment has: to a count, and back to what it was."""

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import AUTOSCALER, DEPLOYMENT, Json
from domain.errors import ClusterForbids, Conflict

WAS = "backout.dev/replicas"
"""The annotation that keeps what a Deployment was scaled to before: JSON, see `_Kept`."""

ATTEMPTS = 20
"""Its own controller changes a Deployment too, a few times in a rollout."""

PAUSE_S = 0.1
USUAL = 1
"""Kubernetes' own default."""


@dataclass(frozen=True)
class Autoscaler:
    """What else decides on the number: it keeps it between `lowest` and `highest`, but leaves a 0 alone."""

    name: str
    lowest: int
    highest: int


@dataclass(frozen=True)
class _Kept:
    """What the annotation says.

    Attributes:
        was: what it had before the first of our scalings.
        had: what it had before the last of them, which a kill may have kept from being done.
        set: what that one gives it.
        by: what for.
    """

    was: int
    had: int
    set: int
    by: str = ""


def replicas(deployment: Json) -> int:
    """How many pods the Deployment is to have."""
    return int(deployment["spec"].get("replicas", USUAL))


def remembered(deployment: Json, by: str | None = None) -> int | None:
    """What it had before it was scaled by us; None where it was not, or where somebody else scaled it since.

    Args:
        deployment: as the API says it.
        by: only where it was scaled with this word.
    """
    kept = _kept(deployment)
    if kept is None or kept.set != replicas(deployment) or by not in {None, kept.by}:
        return None
    return kept.was


def scale(cluster: Cluster, name: str, count: int, by: str = "") -> int:
    """Give the Deployment this many pods, and keep in it what it had. A no-op where it has as many.

    Asked for again, also after a kill in between, what is kept stays what it had at first.

    Args:
        cluster: where it is.
        name: the Deployment's.
        count: how many.
        by: a word that says what for, kept with it.

    Returns:
        How many it had.

    Raises:
        NotInCluster, CommandFailed: nothing was changed.
        Conflict: somebody else changes it all the time.
    """
    for _ in range(ATTEMPTS):
        found = cluster.get(DEPLOYMENT, name)
        if replicas(found) == count:
            return count
        had, kept = replicas(found), _kept(found)
        was = kept.was if kept and had in {kept.set, kept.had} else had
        kept = _Kept(was=was, had=had, set=count, by=by)
        try:
            _set(cluster, _annotate(cluster, found, json.dumps(asdict(kept))), count)
        except Conflict:
            time.sleep(PAUSE_S)
            continue
        return replicas(found)
    raise _busy(name)


def scale_back(cluster: Cluster, name: str, otherwise: int | None = None, *, at_least: int = 0) -> int:
    """Give the Deployment the pods that it had before `scale`, and keep nothing any more. Raises as `scale` does.

    Args:
        cluster: where it is.
        name: the Deployment's.
        otherwise: how many where nothing is kept; None: as many as it has.
        at_least: no fewer than these.

    Returns:
        How many it is to have now.
    """
    for _ in range(ATTEMPTS):
        found = cluster.get(DEPLOYMENT, name)
        was = remembered(found)
        usual = replicas(found) if otherwise is None else otherwise
        count = max(usual if was is None else was, at_least)
        try:
            if count != replicas(found):
                _set(cluster, found, count)
            if WAS in _annotations(found):
                _annotate(cluster, cluster.get(DEPLOYMENT, name), None)
        except Conflict:
            time.sleep(PAUSE_S)
            continue
        return count
    raise _busy(name)


def autoscaler(cluster: Cluster, name: str) -> Autoscaler | None:
    """What scales the Deployment on its own; None where nothing does."""
    for one in cluster.all(AUTOSCALER):
        target, spec = one["spec"]["scaleTargetRef"], one["spec"]
        if (target["kind"], target["name"]) == (DEPLOYMENT.kind, name):
            lowest = spec.get("minReplicas", USUAL)
            return Autoscaler(one["metadata"]["name"], lowest, spec["maxReplicas"])
    return None


def autoscaled(cluster: Cluster, name: str) -> bool:
    """Whether something scales the Deployment on its own, as far as our Role lets us see it."""
    with suppress(ClusterForbids):
        return autoscaler(cluster, name) is not None
    return False


def _set(cluster: Cluster, deployment: Json, count: int) -> None:
    """Scale, where nobody changed the Deployment since. Raises Conflict."""
    metadata = deployment["metadata"]
    change = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "spec": {"replicas": count}}
    cluster.patch(DEPLOYMENT, metadata["name"], change, part="scale")


def _annotate(cluster: Cluster, deployment: Json, kept: str | None) -> Json:
    metadata = deployment["metadata"]
    change = {"resourceVersion": metadata["resourceVersion"], "annotations": {WAS: kept}}
    return cluster.patch(DEPLOYMENT, metadata["name"], {"metadata": change})


def _kept(deployment: Json) -> _Kept | None:
    said = _annotations(deployment).get(WAS)
    try:
        return _Kept(**json.loads(said)) if said else None
    except (ValueError, TypeError):  # somebody wrote it by hand
        return None


def _annotations(deployment: Json) -> Json:
    found: Json = deployment["metadata"].get("annotations", {})
    return found


def _busy(name: str) -> Conflict:
    return Conflict(
        on=f"Deployment {name}", expected="as it was read", found=f"changed {ATTEMPTS} times over"
    )
