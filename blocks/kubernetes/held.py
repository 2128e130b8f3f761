"""Pod templates of releases that are pinned: PodTemplates of Backout's own, which the cluster's clean-up of ReplicaSets leaves alone.

`revisionHistoryLimit` counts every revision, also those of releases that went back: after some bad deploys the release before is
gone. A held one is called as its ReplicaSet, `NAME-HASH.backout`. The Deployment owns it: it goes with the Deployment.
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-template-v1/
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import POD_TEMPLATE, Json
from blocks.kubernetes.revisions import CAUSE, NUMBER, Revision, bare, is_owned_by
from domain.errors import ClusterForbids

MARK = {"backout.dev/held": "pinned"}
FIRST = "backout.dev/first-revision"
CREATED = "backout.dev/created"
DIGEST = "backout.dev/pod-template-hash"
ENDING = ".backout"


def held(cluster: Cluster, deployment: Json) -> list[Revision]:
    """Those that are held of a Deployment. None where our Role allows no look: then we hold none. Raises as Cluster does."""
    try:
        found = cluster.all(POD_TEMPLATE, MARK)
    except ClusterForbids:
        return []
    uid = deployment["metadata"]["uid"]
    own = (_revision(one) for one in found if is_owned_by(one, uid))
    return [one for one in own if one]


def with_held(known: Sequence[Revision], kept: Sequence[Revision]) -> list[Revision]:
    """The cluster's revisions and those that only we hold, oldest first.

    One that was gone and is back began when it was held: a release keeps its place among the others.
    """
    templates = {one.set_name: one for one in kept}
    both = [_as_it_began(one, templates.get(one.set_name)) for one in known]
    alone = [one for one in kept if all(one.template != other.template for other in known)]
    return sorted([*both, *alone], key=lambda one: one.first)


def hold(cluster: Cluster, deployment: Json, revision: Revision) -> None:
    """Keep its pod template. Nothing where it is kept. Raises ClusterForbids, CommandFailed."""
    body = _body(deployment, revision)
    if cluster.find(POD_TEMPLATE, body["metadata"]["name"]) is None:
        cluster.create(POD_TEMPLATE, body)


def let_go(cluster: Cluster, deployment: Json, names: Collection[str]) -> None:
    """Remove what is held of other ReplicaSets than these: what the cluster itself still keeps of them stays. Raises ClusterForbids."""
    for one in held(cluster, deployment):
        if one.set_name not in names:
            cluster.remove(POD_TEMPLATE, f"{one.set_name}{ENDING}")


def _as_it_began(one: Revision, kept: Revision | None) -> Revision:
    if kept is None or kept.template != one.template:
        return one
    return replace(one, first=min(one.first, kept.first), created=min(one.created, kept.created))


def _body(deployment: Json, revision: Revision) -> Json:
    told = {
        NUMBER: str(revision.number),
        FIRST: str(revision.first),
        CREATED: revision.created.isoformat(),
        DIGEST: revision.digest,
        CAUSE: revision.cause,
    }
    metadata = deployment["metadata"]
    owner = {
        "apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"], "uid": metadata["uid"],
    }  # fmt: skip
    own = {
        "name": f"{revision.set_name}{ENDING}",
        "labels": MARK,
        "annotations": {name: value for name, value in told.items() if value},
        "ownerReferences": [owner],
    }
    return {"apiVersion": "v1", "kind": "PodTemplate", "metadata": own, "template": revision.template}


def _revision(said: Json) -> Revision | None:
    """None where somebody took away what makes it one."""
    told = said["metadata"].get("annotations") or {}
    try:
        return Revision(
            set_name=said["metadata"]["name"].removesuffix(ENDING),
            number=int(told[NUMBER]),
            first=int(told[FIRST]),
            template=bare(said["template"]),
            digest=told.get(DIGEST, ""),
            cause=told.get(CAUSE, ""),
            created=datetime.fromisoformat(told[CREATED]),
        )
    except (KeyError, ValueError):
        return None
