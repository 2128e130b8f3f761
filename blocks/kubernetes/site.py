"""The Deployments of one application: their revisions, their pods, and what is in place now."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.held import held, with_held
from blocks.kubernetes.in_place_settings import KubernetesSettings
from blocks.kubernetes.intent import Intent, intent_of
from blocks.kubernetes.pods import Pod, pods_of
from blocks.kubernetes.resources import DEPLOYMENT, Json
from blocks.kubernetes.revisions import Deployed, Revision, current, releases_of, revisions_of
from blocks.routers.contract import Route
from domain.errors import UnknownSlot
from domain.release import Slot


@dataclass(frozen=True)
class Sight:
    """One Deployment at one moment.

    Attributes:
        key: what the settings call it.
        releases: those that can be put in place, the newest first.
        now: the revision that it asks for.
    """

    key: str
    body: Json
    releases: list[Deployed]
    now: Revision

    @property
    def name(self) -> str:
        """The Deployment's."""
        return str(self.body["metadata"]["name"])

    @property
    def release(self) -> Deployed:
        """The release that it asks for."""
        return next(one for one in self.releases if self.now in one.revisions)

    @property
    def paused(self) -> bool:
        """Whether it rolls nothing out until it is resumed."""
        return bool(self.body["spec"].get("paused"))

    @property
    def labels(self) -> dict[str, str]:
        """Those that all its pods carry."""
        found: dict[str, str] = self.body["spec"]["selector"].get("matchLabels", {})
        return found

    @property
    def intent(self) -> Intent | None:
        """What is under way on it."""
        found = intent_of(self.body)
        return found if found and found.holds(self.body, self.now) else None

    def find(self, name: str) -> Deployed | None:
        """The release of this name, or of another name that it has."""
        named = (one for one in self.releases if one.name == name)
        return next(named, None) or next((one for one in self.releases if name in one.also), None)

    def of_set(self, set_name: str) -> Revision | None:
        """The revision of this ReplicaSet."""
        known = (revision for release in self.releases for revision in release.revisions)
        return next((one for one in known if one.set_name and one.set_name == set_name), None)


@dataclass(frozen=True)
class Seen:
    """The whole at one moment. `deployments`: what the settings call them -> each; the first is the main one."""

    deployments: Mapping[str, Sight]

    @property
    def main(self) -> Sight:
        """The one whose releases are the application's."""
        return next(iter(self.deployments.values()))

    @property
    def intent(self) -> Intent | None:
        """What is under way with the whole."""
        found = self.main.intent
        return found if found and not found.part else None

    @property
    def in_place(self) -> str:
        """The slot that is in place: until the last step is done the one before."""
        return self.intent.before if self.intent else self.main.release.name

    @property
    def route(self) -> Route:
        """The same, with a stamp that changes with each Deployment's pod template and what is under way."""
        told = [[sight.body["metadata"]["uid"], sight.now.template] for sight in self.deployments.values()]
        intent = self.intent.model_dump_json() if self.intent else ""
        text = json.dumps([told, intent], sort_keys=True)
        half = self.intent.to if self.intent and self.intent.to != self.in_place else None
        return Route(slot=self.in_place, stamp=hashlib.sha256(text.encode()).hexdigest()[:16], half=half)


class Site:
    """Everything of one application in its namespace."""

    def __init__(self, settings: KubernetesSettings) -> None:
        self.settings = settings

    @contextmanager
    def cluster(self) -> Iterator[Cluster]:
        """The namespace, connected to. Raises NotPermitted."""
        with self.settings.connection.cluster() as cluster:
            yield cluster

    def see(self, cluster: Cluster) -> Seen:
        """Look at all Deployments. Raises NotInCluster, ClusterUnavailable, ClusterForbids."""
        return Seen({key: self.sight(cluster, key) for key in self.settings.deployments})

    def sight(self, cluster: Cluster, key: str) -> Sight:
        """Look at one of them."""
        workload = self.settings.deployments[key]
        body = cluster.get(DEPLOYMENT, workload.name)
        known = with_held(revisions_of(cluster, body), held(cluster, body))
        now = current(body, known)
        every = known if now in known else [*known, now]
        return Sight(key, body, releases_of(every, workload, self.settings.version_label), now)

    def release(self, sight: Sight, name: str) -> Deployed:
        """One that can be put in place. Raises UnknownSlot."""
        found = sight.find(name)
        if found is None:
            raise UnknownSlot(slot=name, known=[one.name for one in sight.releases])
        return found

    def pods(self, cluster: Cluster, sight: Sight, release: Deployed) -> list[Pod]:
        """The pods of a release, without those that are being removed."""
        digests = {one.digest for one in release.revisions if one.digest}
        found = pods_of(cluster, sight.labels)
        return [pod for pod in found if pod.template in digests and not pod.leaving]

    def slot(self, cluster: Cluster, sight: Sight, release: Deployed, in_place: str) -> Slot:
        """A release as a slot: the one in place with what its pods say."""
        if release.name != in_place:
            return Slot(name=release.name, version=release.name, also=list(release.also))
        pods = self.pods(cluster, sight, release)
        ready = [pod for pod in pods if pod.ready]
        return Slot(
            name=release.name,
            version=release.name,
            also=list(release.also),
            running=bool(ready),
            address=self.settings.address,
            since=min((pod.since for pod in ready if pod.since), default=None),
            restarts=sum(pod.restarts for pod in pods),
            detail=_detail(sight, release, pods),
        )


def of_pods(pods: list[Pod]) -> str:
    """How many are ready, and why the others are not."""
    why = sorted({pod.reason for pod in pods if pod.reason and not pod.ready})
    said = f"{sum(pod.ready for pod in pods)} of {len(pods)} pods ready"
    return f"{said} ({', '.join(why)})" if why else said


def _detail(sight: Sight, release: Deployed, pods: list[Pod]) -> str:
    said = [of_pods(pods), f"revision {release.newest.number}"]
    if release.newest.cause:
        said.append(release.newest.cause)
    if sight.paused:
        said.append("the Deployment is paused")
    if sight.intent:
        said.append(f"{sight.intent.to} is being put in its place since {sight.intent.begun:%H:%M:%S} UTC")
    return ", ".join(said)
