"""Changing an object so that nobody else's change is lost: compare-and-set by `resourceVersion`."""

from collections.abc import Callable, Mapping
from copy import deepcopy

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.intent import ANNOTATION, Intent
from blocks.kubernetes.resources import Json, Resource
from blocks.kubernetes.revisions import CAUSE, Revision
from domain.errors import ClusterUnavailable, Conflict

TRIES = 20
"""The cluster itself changes an object's status many times during a rollout."""

Edit = Callable[[Json], Json]
"""Gives the object as it should be; the same one where it is so already."""


def change(cluster: Cluster, resource: Resource, found: Json, edit: Edit) -> Json:
    """Put the edited object in place of the one that was found; the object as it then is.

    A change of its status by the cluster is no conflict, nor one by people of what is not compared: it is edited again.
    Where an answer is lost the object is looked at: the same change is never made twice.

    Args:
        cluster: its namespace.
        resource: its kind.
        found: as it was seen.
        edit: see there.

    Raises:
        Conflict: its specification or data was changed in between; nothing was changed by us.
        NotInCluster: it is gone.
        CommandFailed: the server refused.
    """
    seen, lost = found, False
    for _ in range(TRIES):
        wanted = edit(deepcopy(seen))
        if wanted == seen:
            return seen
        try:
            return cluster.replace(resource, wanted)
        except Conflict:
            pass
        except ClusterUnavailable:
            if lost:
                raise
            lost = True
        seen = _again(cluster, resource, found, edit)
    raise Conflict(on=_called(resource, found), expected="as it was", found="changed all the time")


def with_annotations(body: Json, changes: Mapping[str, str | None]) -> Json:
    """With these annotations; without those that are None."""
    told = dict(body["metadata"].get("annotations") or {})
    for name, value in changes.items():
        if value is None:
            told.pop(name, None)
        else:
            told[name] = value
    if told or "annotations" in body["metadata"]:
        body["metadata"]["annotations"] = told
    return body


def with_intent(body: Json, intent: Intent | None) -> Json:
    """With what is under way noted; None: nothing is."""
    return with_annotations(body, {ANNOTATION: intent.model_dump_json() if intent else None})


def with_revision(body: Json, revision: Revision) -> Json:
    """As `kubectl rollout undo` makes it: with the revision's pod template and change cause."""
    body["spec"]["template"] = deepcopy(revision.template)
    return with_annotations(body, {CAUSE: revision.cause or None})


def _again(cluster: Cluster, resource: Resource, found: Json, edit: Edit) -> Json:
    """The object as it is now, where what is compared is as it was, or as it is wanted. Raises Conflict."""
    now = cluster.get(resource, found["metadata"]["name"])
    wanted = edit(deepcopy(found))
    if _compared(now) not in (_compared(found), _compared(wanted)):
        raise Conflict(on=_called(resource, found), expected="as it was", found="changed by somebody else")
    return now


def _compared(body: Json) -> list[object]:
    """What must not have changed. How many pods there are is left to whoever scales them."""
    return [body.get("spec", {}).get("template"), body.get("data"), body.get("binaryData")]


def _called(resource: Resource, body: Json) -> str:
    return f"{resource.kind} {body['metadata']['name']}"
