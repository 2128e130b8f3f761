"""What is under way: kept in an annotation of the object that is changed, from the first change until after the last step.

The cluster copies a Deployment's annotations to its ReplicaSet, and `kubectl rollout undo` copies them back. So an intent
only counts where the Deployment still is what this intent made of it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from blocks.kubernetes.resources import Json
from blocks.kubernetes.revisions import NUMBER, Revision

ANNOTATION = "backout.dev/rollback"


class Intent(BaseModel):
    """One release is taking another's place.

    Attributes:
        part: what is moved alone; empty where it is the whole.
        before: the slot that was in place; it counts as in place until the last step is done.
        to: the slot that is put in place.
        revision: the Deployment's number as the intent was written; putting the release in place adds one.
        sets: Deployment, as the settings call it -> the ReplicaSet that ran before: the way back.
        target: the ReplicaSet that is put in place; empty where there is none for it yet.
    """

    model_config = ConfigDict(frozen=True)

    part: str = ""
    before: str
    to: str
    begun: datetime
    revision: int = 0
    sets: Mapping[str, str] = {}
    target: str = ""

    def holds(self, deployment: Json, now: Revision) -> bool:
        """Whether nothing else was deployed since: the Deployment is as it was, or runs what this intent puts in place."""
        number = int((deployment["metadata"].get("annotations") or {}).get(NUMBER, "0"))
        ours = not self.target or now.set_name in {"", self.target}
        return number == self.revision or (ours and number == self.revision + 1)


def intent_of(body: Json) -> Intent | None:
    """What the object says is under way; None where nothing is, or where it is not ours."""
    said = (body["metadata"].get("annotations") or {}).get(ANNOTATION)
    try:
        return Intent.model_validate_json(said) if said else None
    except ValidationError:
        return None


def now() -> datetime:
    """This moment, in whole seconds as the cluster's own times."""
    return datetime.now(UTC).replace(microsecond=0)
