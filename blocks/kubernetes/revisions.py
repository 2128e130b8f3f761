"""The revisions of a Deployment, which are its ReplicaSets, and the releases that they are of."""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.in_place_settings import Workload
from blocks.kubernetes.pods import TEMPLATE_HASH, moment
from blocks.kubernetes.resources import REPLICA_SET, Json
from domain.names import VERSION

NUMBER = "deployment.kubernetes.io/revision"
NUMBERS_BEFORE = "deployment.kubernetes.io/revision-history"
CAUSE = "kubernetes.io/change-cause"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
UNTOLD = "latest"
"""The tag of an image that names no release."""

DIGITS = 12
"""As many of an image's digest as `docker images` shows."""


@dataclass(frozen=True)
class Revision:
    """One revision.

    Attributes:
        set_name: its ReplicaSet; empty where the cluster has not made it yet.
        number: as `kubectl rollout history` shows it now.
        first: the number it had first; each time it is gone back to it gets a new one.
        template: its pods' template, without the hash that the cluster adds.
        digest: that hash; empty where there is no ReplicaSet.
    """

    set_name: str
    number: int
    first: int
    template: Json
    digest: str
    cause: str
    created: datetime

    def image(self, container: str | None) -> str:
        """The image of this container, or of the first."""
        containers = self.template["spec"]["containers"]
        found = (one for one in containers if one["name"] == container)
        return str(next(found, containers[0])["image"])

    @property
    def images(self) -> dict[str, str]:
        """Container -> image."""
        return {one["name"]: one["image"] for one in self.template["spec"]["containers"]}

    @property
    def substance(self) -> str:
        """What makes it another release than others of its version: all but the time of a restart."""
        bare = deepcopy(self.template)
        bare["metadata"].get("annotations", {}).pop(RESTARTED, None)
        if not bare["metadata"].get("annotations"):
            bare["metadata"].pop("annotations", None)
        return json.dumps(bare, sort_keys=True)


@dataclass(frozen=True)
class Deployed:
    """A release of one Deployment.

    Attributes:
        name: its version; `VERSION.rN` where a newer one of the same version differs from it.
        told: whether its version is one that the application itself may know; `latest` and a digest are none.
        revisions: those of it, oldest first: several where its pods were only restarted.
        also: other names that it may be asked for by.
    """

    name: str
    version: str
    told: bool
    revisions: tuple[Revision, ...]
    also: tuple[str, ...]

    @property
    def newest(self) -> Revision:
        """What is put in place."""
        return self.revisions[-1]

    @property
    def first(self) -> int:
        """The number that it began with: stays whatever is gone back to."""
        return self.revisions[0].first

    @property
    def created(self) -> datetime:
        """When it was first deployed."""
        return self.revisions[0].created


def revisions_of(cluster: Cluster, deployment: Json) -> list[Revision]:
    """Those that the cluster keeps, oldest first. Raises as Cluster does."""
    labels = deployment["spec"]["selector"].get("matchLabels", {})
    uid = deployment["metadata"]["uid"]
    own = [one for one in cluster.all(REPLICA_SET, labels) if is_owned_by(one, uid)]
    return sorted((_revision(one) for one in own), key=lambda one: one.first)


def current(deployment: Json, known: Sequence[Revision]) -> Revision:
    """The revision that the Deployment asks for; one of its own where the cluster has made none for it yet."""
    template = bare(deployment["spec"]["template"])
    found = next((one for one in known if one.template == template), None)
    if found is not None:
        return found
    newest = max((one.number for one in known), default=0)
    # It gets its time from the cluster a moment later; until then it is the newest.
    last = max((one.created for one in known), default=moment(deployment["metadata"]["creationTimestamp"]))
    assert last is not None  # noqa: S101 - the API always gives a creation time
    cause = _annotations(deployment).get(CAUSE, "")
    after = last + timedelta(microseconds=1)
    return Revision("", newest + 1, newest + 1, template, "", cause, after)


def releases_of(revisions: Sequence[Revision], workload: Workload, label: str) -> list[Deployed]:
    """The releases that these are of, the newest first."""
    together: dict[tuple[str, str], list[Revision]] = {}
    for revision in sorted(revisions, key=lambda one: one.first):
        version, _ = _version(revision, workload, label)
        together.setdefault((version, revision.substance), []).append(revision)
    groups = sorted(together.items(), key=lambda group: group[1][0].first, reverse=True)
    names = _names([(version, found[0].first) for (version, _), found in groups])
    return [
        Deployed(
            name=name,
            version=version,
            told=_version(found[0], workload, label)[1],
            revisions=tuple(found),
            also=tuple(_also(found, names)),
        )
        for name, ((version, _), found) in zip(names, groups, strict=True)
    ]


def bare(template: Json) -> Json:
    """A pod template without the hash that the cluster adds: as a Deployment has it."""
    plain = deepcopy(template)
    plain.setdefault("metadata", {}).get("labels", {}).pop(TEMPLATE_HASH, None)
    return plain


def _names(groups: Sequence[tuple[str, int]]) -> list[str]:
    """Version, for the newest of it; the older ones also say their revision."""
    seen: set[str] = set()
    names = []
    for version, first in groups:
        names.append(f"{version}.r{first}" if version in seen else version)
        seen.add(version)
    return names


def _also(revisions: Sequence[Revision], names: Sequence[str]) -> list[str]:
    numbers = [name for one in reversed(revisions) for name in (str(one.number), f"revision-{one.number}")]
    told = [*numbers, *(one.cause for one in revisions)]
    return [name for name in dict.fromkeys(told) if VERSION.fullmatch(name) and name not in names]


def _version(revision: Revision, workload: Workload, label: str) -> tuple[str, bool]:
    """The version, and whether the application itself may know it."""
    named = revision.template["metadata"].get("labels", {}).get(label, "")
    if VERSION.fullmatch(named):
        return named, True
    image, _, digest = revision.image(workload.container).partition("@")
    tag = image.rpartition("/")[2].partition(":")[2] or ("" if digest else UNTOLD)
    if VERSION.fullmatch(tag):
        return tag, tag != UNTOLD
    short = digest.partition(":")[2][:DIGITS]
    return (short if VERSION.fullmatch(short) else f"revision-{revision.first}"), False


def _revision(said: Json) -> Revision:
    told = _annotations(said)
    number = int(told.get(NUMBER, "0"))
    before = [int(one) for one in told.get(NUMBERS_BEFORE, "").split(",") if one.isdigit()]
    created = moment(said["metadata"]["creationTimestamp"])
    assert created is not None  # noqa: S101 - the API always gives a creation time
    return Revision(
        set_name=said["metadata"]["name"],
        number=number,
        first=min([number, *before]),
        template=bare(said["spec"]["template"]),
        digest=said["metadata"].get("labels", {}).get(TEMPLATE_HASH, ""),
        cause=told.get(CAUSE, ""),
        created=created,
    )


def _annotations(said: Json) -> dict[str, str]:
    return said["metadata"].get("annotations") or {}


def is_owned_by(said: Json, uid: str) -> bool:
    """Whether an object is of the Deployment with this `uid`."""
    return any(one.get("uid") == uid for one in said["metadata"].get("ownerReferences", []))
