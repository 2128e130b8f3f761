"""Deployments of one namespace of a Kubernetes cluster: one release takes another's place."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, Literal

from blocks.hosts.local import nothing
from blocks.identity import Identified
from blocks.kubernetes import evidence, examination, parts, pinning, stopping, taking_place
from blocks.kubernetes.activation import put_in_place
from blocks.kubernetes.difference import difference
from blocks.kubernetes.history import history
from blocks.kubernetes.identity import identity_of
from blocks.kubernetes.in_place_settings import KubernetesSettings
from blocks.kubernetes.kept_config_maps import KeptConfigMaps
from blocks.kubernetes.pods import pods_of
from blocks.kubernetes.preparation import make_ready
from blocks.kubernetes.resources import DEPLOYMENT
from blocks.kubernetes.restarting import is_due, mark_of, moment, restarted
from blocks.kubernetes.rollout import wait_for
from blocks.kubernetes.site import Seen, Site
from blocks.kubernetes.undo import change
from blocks.pins import Pins
from blocks.platforms.contract import Look, Platform, Ready, Unproven
from blocks.restartable import Restartable
from blocks.routers.contract import Receipt, Route
from blocks.takes_place import Bring, Compares, TakesPlace
from domain.checkup import Checkup
from domain.errors import NotPrepared
from domain.release import Identity, Part, Release, Slot, Usage


class Kubernetes(KubernetesSettings, Restartable, TakesPlace, Compares, Identified, Pins):
    """Slots are the releases that the cluster keeps a revision of: the main Deployment's ReplicaSets, by their versions.

    The switch is what `kubectl rollout undo` does, for all Deployments, with the ConfigMaps that ran with the release. It
    is waited for; until its last step is done the release before counts as in place.
    """

    kind: Literal["kubernetes"] = "kubernetes"

    stops: ClassVar[bool] = True
    rolling: ClassVar[bool] = True

    @cached_property
    def site(self) -> Site:
        """The Deployments in the cluster."""
        return Site(self)

    def slots(self) -> list[Slot]:
        """The releases that can be put in place, the newest first."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            return [
                self.site.slot(cluster, seen.main, release, seen.in_place) for release in seen.main.releases
            ]

    def find(self, release: str) -> Slot | None:
        """By a revision's number, or its change cause where that is one word."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            found = seen.main.find(release)
            return self.site.slot(cluster, seen.main, found, seen.in_place) if found else None

    def answers_as(self, release: str) -> str | None:
        """Its version; none where only an image's digest, or `latest`, tells it."""
        found = self._see().main.find(release)
        return found.version if found and found.told else None

    def history(self) -> list[Release] | None:
        """One entry a version, by its first revision: neither a restart nor a flag's toggle is a release before."""
        seen = self._see()
        return history(seen.main, seen.in_place)

    def identity(self, slot: str) -> Identity:
        """The images that the pods run of the release in place; of another one none run."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            return identity_of(pods_of(cluster, seen.main.labels) if seen.in_place == slot else [])

    def route(self) -> Route:
        """What the main Deployment asks for."""
        return self._see().route

    def prepare(self, slot: str, look: Look) -> Ready | Unproven:  # noqa: ARG002 - nothing can be looked at
        """See that nothing keeps the cluster from putting it in place."""
        return make_ready(self.site, slot)

    def activate(self, slot: str, expected: Route) -> Receipt:
        """See `blocks.kubernetes.activation`."""
        return put_in_place(self.site, slot, expected)

    def place_for(self, release: str, *, brought: bool) -> Slot:
        """A revision of it, or a new one that the command brings."""
        if found := self.find(release):
            return found
        if not brought:
            why = "the cluster has no revision of it, and nothing can bring one: set `deploy.install` in backout.yaml"
            raise NotPrepared(release=release, why=why)
        return Slot(name=release)

    def no_way_back(self, serving: str) -> str:  # noqa: ARG002 - what runs is what would be gone back to
        """See `blocks.kubernetes.taking_place`."""
        return taking_place.no_way_back(self.site)

    def keep_way_back(self, serving: str) -> list[str]:  # noqa: ARG002 - as above
        """The cluster keeps its revisions; the ConfigMaps are copied."""
        return taking_place.keep_way_back(self.site)

    def take_place(
        self,
        slot: Slot,
        release: str,
        expected: Route,
        bring: Bring,
        meanwhile: Callable[[], None] = nothing,
    ) -> Receipt:
        """What `kubectl rollout undo` does, where there is a revision of it; else the command, waited for."""
        with self.site.cluster() as cluster:
            main = self.site.see(cluster).main
        if main.find(slot.name) and not taking_place.is_being_brought(main, release):
            return put_in_place(self.site, slot.name, expected, meanwhile)
        return taking_place.bring_in_place(self.site, release, expected, bring, meanwhile)

    def difference(self, old: str, new: str) -> list[str]:
        """Of revisions that the cluster has; what a command will bring is not known before."""
        with self.site.cluster() as cluster:
            return difference(self.site, cluster, old, new)

    def instances(self, slot: str) -> dict[str, str]:
        """Its Deployments, the main one first, each by when its pods were replaced last."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            self.site.release(seen.main, slot)
            return {key: mark_of(sight.body) for key, sight in seen.deployments.items()}

    def restart_serving(self, slot: str, instances: Mapping[str, str]) -> None:
        """`kubectl rollout restart` of each, waited for. One that stalls keeps pods that it had before."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            self.site.release(seen.main, slot)
            for key, sight in seen.deployments.items():
                if is_due(sight.body, instances.get(key)):
                    change(cluster, DEPLOYMENT, sight.body, restarted(moment()))
                wait_for(self.site, cluster, {key: sight.release.name})

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The last lines of its pods together, by time; the values of their variables are masked."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            here = self.site.release(seen.main, slot).name == seen.in_place
            return evidence.logs(self.site, cluster, list(seen.deployments.values()), lines) if here else []

    def usage(self, slot: str) -> Usage | None:
        """What its pods use; None where the cluster serves no metrics."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            here = self.site.release(seen.main, slot).name == seen.in_place
            return evidence.usage(self.site, cluster, list(seen.deployments.values())) if here else None

    def configuration(self) -> dict[str, str]:
        """Settings, Deployments, revisions, pods, events of the last hour, ConfigMaps, logs of pods that crash."""
        with self.site.cluster() as cluster:
            return evidence.texts(self.site, cluster, self.model_dump(mode="json"))

    def keep(self, release: str) -> list[str]:
        """Copy the ConfigMaps as what this release runs with."""
        with self.site.cluster() as cluster:
            return KeptConfigMaps(cluster, self.config_maps).keep(release)

    def pin(self, application: str, releases: Sequence[Release]) -> list[str]:  # noqa: ARG002 - what is held says of which Deployment
        """See `blocks.kubernetes.pinning`."""
        return pinning.pin(self.site, releases)

    def lost(self, release: Release) -> str:
        """Its revision, where neither the cluster nor we have it any more."""
        return "" if self.find(release.version) else "the cluster has no revision of it any more"

    def stop_serving(self) -> str:
        """Scale all Deployments to 0. Each keeps in an annotation what it had."""
        with self.site.cluster() as cluster:
            return stopping.stop(cluster, self._names, self.rollout_timeout_s)

    def serve_again(self) -> str:
        """Scale them to what they had, and wait for their pods."""
        with self.site.cluster() as cluster:
            started = stopping.start(cluster, self._names)
            if started:
                seen = self.site.see(cluster).deployments
                wait_for(self.site, cluster, {key: sight.release.name for key, sight in seen.items()})
        return ", ".join(started)

    def stopped(self) -> bool:
        """By the annotation."""
        with self.site.cluster() as cluster:
            return bool(stopping.stopped_ones(cluster, self._names))

    def parts(self) -> list[Part]:
        """Each Deployment, the ConfigMaps, each flag."""
        return parts.parts_of(self.site)

    def only(self, part: str) -> Platform:
        """One of them."""
        return parts.part_of(self.site, part)

    def examine(self) -> list[Checkup]:
        """The cluster, what our Role allows, each Deployment with its owner and its pods, the ConfigMaps."""
        return examination.of(self.site)

    @property
    def _names(self) -> list[str]:
        return [workload.name for workload in self.deployments.values()]

    def _see(self) -> Seen:
        with self.site.cluster() as cluster:
            return self.site.see(cluster)
