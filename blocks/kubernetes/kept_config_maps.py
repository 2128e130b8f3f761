"""Copies of ConfigMaps, since Kubernetes keeps no history of them: ConfigMaps themselves, beside the ones they are of.

A copy is named `NAME.backout.STAMP`: STAMP is the time of the last change of what it holds. Each says which releases ran
with it, and when that was seen last. Copies of the same stamp are one state of all the ConfigMaps. Secrets are never copied.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.intent import now
from blocks.kubernetes.pods import moment
from blocks.kubernetes.resources import CONFIG_MAP, Json
from blocks.kubernetes.undo import change, with_annotations

KEPT_OF = "backout.dev/kept-of"
STAMP_LABEL = "backout.dev/kept-at"
RELEASES = "backout.dev/releases"
STAMP = "%Y%m%d-%H%M%S"
STAY = 20
LONGEST_LABEL = 63
CONTENT = ("data", "binaryData")

Content = dict[str, Json]
"""ConfigMap -> what it holds: its `data` and `binaryData`."""


@dataclass(frozen=True)
class Kept:
    """One state of the ConfigMaps.

    Attributes:
        stamp: names it: `20261122-122400`, with a number where it is not the first of its second.
        content: of those that were copied.
        releases: release -> when it was seen to run with this.
    """

    stamp: str
    content: Content
    releases: Mapping[str, datetime]


@dataclass(frozen=True)
class KeptConfigMaps:
    """The copies of some ConfigMaps. Everything raises as Cluster does."""

    cluster: Cluster
    names: Sequence[str]

    def live(self) -> Content:
        """What they hold now. Raises NotInCluster."""
        return {name: content_of(self.cluster.get(CONFIG_MAP, name)) for name in self.names}

    def all(self) -> list[Kept]:
        """The states that are kept, the newest first."""
        states: dict[str, list[tuple[str, Json]]] = {}
        for name in self.names:
            for body in self.cluster.all(CONFIG_MAP, {KEPT_OF: _label(name)}):
                stamp = body["metadata"]["labels"][STAMP_LABEL]
                states.setdefault(stamp, []).append((name, body))
        found = [_kept(stamp, bodies) for stamp, bodies in states.items()]
        return sorted(found, key=lambda kept: time_of(kept.stamp), reverse=True)

    def stamp(self, known: Sequence[Kept] | None = None) -> str:
        """The name of what they hold now: the same before and after it is kept."""
        bodies = [self.cluster.get(CONFIG_MAP, name) for name in self.names]
        known = self.all() if known is None else known
        live = {body["metadata"]["name"]: content_of(body) for body in bodies}
        same = next((kept for kept in known if kept.content == live), None)
        if same:
            return same.stamp
        stamp = max(_changed(body) for body in bodies).strftime(STAMP)
        taken = [time_of(kept.stamp).microsecond for kept in known if kept.stamp.startswith(stamp)]
        return f"{stamp}-{max(taken) + 1}" if taken else stamp

    def keep(self, release: str) -> list[str]:
        """Keep what they hold now as what this release runs with; the copies' names, empty where they were there."""
        if not self.names:
            return []
        known, live = self.all(), self.live()
        stamp = self.stamp(known)
        same = next((kept for kept in known if kept.stamp == stamp), None)
        releases = {**(same.releases if same else {}), release: now()}
        if same:
            self._note(stamp, releases)
            return []
        made = [self._copy(name, held, stamp, releases) for name, held in live.items()]
        self._prune(known)
        return made

    def of(self, release: str) -> Kept | None:
        """The state that this release was seen with last; None where none was kept of it."""
        found = [kept for kept in self.all() if release in kept.releases]
        return max(found, key=lambda kept: kept.releases[release], default=None)

    def put(self, kept: Kept) -> list[str]:
        """Give the ConfigMaps what they held then; the names of those that changed. Raises Conflict, CommandFailed."""
        changed = []
        for name, held in kept.content.items():
            body = self.cluster.get(CONFIG_MAP, name)
            if content_of(body) != held:
                change(self.cluster, CONFIG_MAP, body, partial(with_content, held=held))
                changed.append(name)
        return changed

    def _copy(self, name: str, held: Json, stamp: str, releases: Mapping[str, datetime]) -> str:
        copy = copy_name(name, stamp)
        metadata = {
            "name": copy,
            "labels": {KEPT_OF: _label(name), STAMP_LABEL: stamp},
            "annotations": {RELEASES: _written(releases)},
        }
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **held}
        if self.cluster.find(CONFIG_MAP, copy) is None:  # a run that was killed may have made it
            self.cluster.create(CONFIG_MAP, body)
        return copy

    def _note(self, stamp: str, releases: Mapping[str, datetime]) -> None:
        """Say in the copies of this state that these releases ran with it."""
        told = {RELEASES: _written(releases)}
        for name in self.names:
            body = self.cluster.find(CONFIG_MAP, copy_name(name, stamp))
            if body:
                change(self.cluster, CONFIG_MAP, body, lambda found: with_annotations(found, told))

    def _prune(self, known: Sequence[Kept]) -> None:
        """The new one and the newest others stay."""
        for kept in known[STAY - 1 :]:
            for name in kept.content:
                self.cluster.remove(CONFIG_MAP, copy_name(name, kept.stamp))


def content_of(body: Json) -> Json:
    """What a ConfigMap holds."""
    return {key: body[key] for key in CONTENT if body.get(key)}


def with_content(body: Json, held: Json) -> Json:
    """The ConfigMap, holding this and nothing else."""
    return {**{key: value for key, value in body.items() if key not in CONTENT}, **held}


def copy_name(name: str, stamp: str) -> str:
    """What a copy is called."""
    return f"{name}.backout.{stamp}"


def time_of(stamp: str) -> datetime:
    """The time in a stamp, UTC; what comes later in the same second has a number, and is a little newer."""
    day, second, *more = stamp.split("-")
    at = datetime.strptime(f"{day}-{second}", STAMP).replace(tzinfo=UTC)
    return at.replace(microsecond=int(more[0])) if more else at


def _kept(stamp: str, bodies: Sequence[tuple[str, Json]]) -> Kept:
    releases: dict[str, datetime] = {}
    for _, body in bodies:
        told = json.loads((body["metadata"].get("annotations") or {}).get(RELEASES, "{}"))
        releases |= {release: datetime.fromisoformat(at) for release, at in told.items()}
    return Kept(stamp, {name: content_of(body) for name, body in bodies}, releases)


def _written(releases: Mapping[str, datetime]) -> str:
    return json.dumps({release: at.isoformat() for release, at in releases.items()})


def _changed(body: Json) -> datetime:
    """When it was changed last, as far as the cluster says; else when it was made."""
    metadata = body["metadata"]
    told = [one.get("time") for one in metadata.get("managedFields", [])]
    times = [moment(one) for one in [*told, metadata["creationTimestamp"]] if one]
    return max(one for one in times if one)


def _label(name: str) -> str:
    """A ConfigMap's name as a label's value, which is shorter."""
    if len(name) <= LONGEST_LABEL:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name[: LONGEST_LABEL - len(digest) - 1].rstrip('.-')}-{digest}"
