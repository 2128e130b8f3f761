"""What `kubectl rollout restart` does: the pods of a Deployment replaced in turn, by its own strategy."""

from datetime import UTC, datetime

from blocks.kubernetes.resources import Json
from blocks.kubernetes.revisions import RESTARTED
from blocks.kubernetes.undo import Edit, with_annotations
from domain.errors import NotPrepared

NEVER = "never"


def mark_of(deployment: Json) -> str:
    """When its pods were replaced last, as the annotation says it."""
    told = deployment["spec"]["template"].get("metadata", {}).get("annotations") or {}
    return str(told.get(RESTARTED, NEVER))


def is_due(deployment: Json, mark: str | None) -> bool:
    """Whether its pods are still those of this mark; never where it has none.

    Raises:
        NotPrepared: it is paused, so that nothing would be rolled out.
    """
    if mark_of(deployment) != mark:
        return False
    if deployment["spec"].get("paused"):
        name = deployment["metadata"]["name"]
        raise NotPrepared(
            f"a restart of Deployment {name}", f"it is paused: `kubectl rollout resume deployment/{name}`"
        )
    return True


def moment() -> str:
    """The mark of a restart that begins now."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def restarted(at: str) -> Edit:
    """The Deployment with this mark; for `change`."""

    def edit(body: Json) -> Json:
        template = body["spec"]["template"]
        template.setdefault("metadata", {})
        with_annotations(template, {RESTARTED: at})
        return body

    return edit


def patch_of(at: str) -> Json:
    """The same as a merge patch: a Role of blue and green allows no replacement."""
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED: at}}}}}
