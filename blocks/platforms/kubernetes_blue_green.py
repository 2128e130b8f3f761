"""Blue and green as Deployments of one Kubernetes namespace, behind a Service."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import ClassVar, Literal

from blocks.hosts.local import nothing
from blocks.identity import Identified
from blocks.idle_slot import require_idle
from blocks.installable import Installable
from blocks.kubernetes import colours_evidence, colours_stopping, stopping
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.colours_checkup import START, examined, unreachable
from blocks.kubernetes.colours_settings import RELEASE, ColoursSettings
from blocks.kubernetes.identity import identity_of
from blocks.kubernetes.installing import put_in
from blocks.kubernetes.lacking import lacking
from blocks.kubernetes.masking import secrets_of
from blocks.kubernetes.metrics import usage_of
from blocks.kubernetes.owners import warnings
from blocks.kubernetes.proving import prove
from blocks.kubernetes.reconnecting import reconnect, restart_one_by_one
from blocks.kubernetes.resources import DEPLOYMENT
from blocks.kubernetes.restarting import is_due, mark_of, moment, patch_of
from blocks.kubernetes.scaling import autoscaled, scale, scale_back
from blocks.kubernetes.slot_deployment import SlotSight
from blocks.kubernetes.stall import Trouble, trouble
from blocks.placeholders import filled
from blocks.platforms.contract import Aligned, Look, Standing, Unproven
from blocks.program import masked
from blocks.restartable import Restartable
from blocks.routers.contract import Receipt, Route
from blocks.startable import Startable
from domain.checkup import Checkup
from domain.errors import BackoutError, CommandFailed, NotInstalled, UnknownRemedy, UnknownSlot
from domain.release import Identity, Slot, Usage


class KubernetesBlueGreen(ColoursSettings, Startable, Restartable, Installable, Identified):
    """Each slot is a Deployment, which says its release; the router sends users to the pods of one.

    A slot that was scaled to 0 comes up first, to as many pods as it had, or as the other one has; traffic moves when all
    of them are ready and healthy. Both stay up then.
    """

    stops: ClassVar[bool] = True
    rolling: ClassVar[bool] = True
    kind: Literal["kubernetes_blue_green"] = "kubernetes_blue_green"

    @property
    def aligns(self) -> bool:
        """Whether connections are moved after a switch."""
        return self.move_connections

    def slots(self) -> list[Slot]:
        """All slots, in the order of the settings."""
        with self.connection.cluster() as cluster:
            return [self._see(cluster, name).slot for name in self.places]

    def slot(self, name: str) -> Slot:
        """The slot as its Deployment and pods are now."""
        with self._seeing(name) as (_, seen):
            return seen.slot

    def answers_as(self, release: str) -> str | None:
        """The version; None where it is only an image's digest or `latest`, which the application cannot know."""
        with self.connection.cluster() as cluster:
            found = [self._see(cluster, name).release for name in self.places]
        return None if any(one.name == release and not one.told for one in found) else release

    def prepare(self, slot: str, look: Look) -> Standing | Unproven:
        """Scale the slot up where it has too few pods, wait until all are ready, and look at it."""
        with self._seeing(slot) as (cluster, seen):
            if seen.paused:
                return Unproven(slot=seen.slot, reason=seen.why_unknown(cluster.namespace))
            try:
                self._scale_up(cluster, seen)
            except CommandFailed as error:
                return Unproven(slot=seen.slot, reason=error.what())
            see = partial(self._see, cluster, slot)
            return prove(see, look, partial(self._trouble, cluster), self.patience)

    def start(self, slot: str) -> None:
        """Scale it up, as `prepare` does, and from 0 also where it serves: users have nothing else. It is not waited for."""
        with self._seeing(slot) as (cluster, seen):
            scale_up = self._scale_up if seen.wanted else self._scale_back
            scale_up(cluster, seen)

    def lacking(self, slot: str) -> str:
        """A ConfigMap that its pods need, or why those that it should have do not come up."""
        with self._seeing(slot) as (cluster, seen):
            return lacking(cluster, seen, self._trouble(cluster, seen))

    def stop(self, slot: str) -> None:
        """Scale it to 0; what it had is kept in an annotation. Raises Conflict, CommandFailed, Unreachable, UnknownSlot."""
        with self._seeing(slot) as (cluster, seen):
            require_idle(self.route(), slot)
            scale(cluster, seen.settings.deployment, 0)

    @property
    def installs(self) -> bool:
        """Whether the settings say which `image` a release is."""
        return self.image is not None

    def install(self, slot: str, release: str, meanwhile: Callable[[], None] = nothing) -> None:  # noqa: ARG002 - it takes no time
        """Its image and its label for the slot's Deployment, and pods where it has none; they are not waited for."""
        with self._seeing(slot) as (cluster, seen):
            if seen.release.name == release:
                return
            require_idle(self.route(), slot)
            if self.image is None:
                raise NotInstalled(release=release, slot=slot, why="`image` is not set in backout.yaml")
            image = filled(self.image, {RELEASE: release})
            put_in(cluster, seen, image, release, self.version_label)
            self._scale_up(cluster, seen)

    def activate(self, slot: str, expected: Route) -> Receipt:
        """One switch of the router, to pods that are there.

        Raises:
            NotPrepared: no pod of the slot is ready; nothing was changed.
            Conflict: it is still coming up, or the route is no longer `expected`; nothing was changed.
        """
        with self._seeing(slot) as (_, seen):
            if self.route().slot != slot:
                seen.require_pods(self.start_timeout_s)
            receipt = self.router.switch(slot, self.upstreams(), expected)
            told = warnings([seen.body]) if receipt.changed else []
        return receipt.model_copy(update={"cost": "; ".join(filter(None, [receipt.cost, *told]))})

    def align(self, slot: str, *, thorough: bool) -> Aligned:  # noqa: ARG002 - connections are all there is
        """With `move_connections`: restart the pods of the slots that were left, one by one."""
        left = [name for name in self.places if name != slot] if self.move_connections else []
        return reconnect(left, self._restart_one_by_one)

    def instances(self, slot: str) -> dict[str, str]:
        """Its Deployment, by when its pods were replaced last."""
        with self._seeing(slot) as (_, seen):
            return {seen.settings.deployment: mark_of(seen.body)}

    def restart_serving(self, slot: str, instances: Mapping[str, str]) -> None:
        """`kubectl rollout restart`, waited for."""
        with self._seeing(slot) as (cluster, seen):
            if is_due(seen.body, instances.get(seen.settings.deployment)):
                cluster.patch(DEPLOYMENT, seen.settings.deployment, patch_of(moment()))
            see, why = partial(self._see, cluster, slot), partial(self._trouble, cluster)
            colours_stopping.wait_until_settled(see, why, self.patience)

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The last lines of its pods' main containers, pod by pod; values of their variables are masked."""
        with self._seeing(slot) as (cluster, seen):
            secrets = secrets_of([seen.body["spec"]["template"]], self.public)
            return [masked(line, secrets) for line in colours_evidence.logs(cluster, seen, lines)]

    def usage(self, slot: str) -> Usage | None:
        """What its pods use, where the cluster serves metrics.k8s.io; it says nothing of CPU time."""
        with self._seeing(slot) as (cluster, seen):
            return usage_of(cluster, [pod.name for pod in seen.staying])

    def identity(self, slot: str) -> Identity:
        """The images that its pods run."""
        with self._seeing(slot) as (_cluster, seen):
            return identity_of(seen.staying)

    def configuration(self) -> dict[str, str]:
        """`platform.yaml`: the settings; `deployments.yaml`, `pods.txt`, `events.txt`: what the cluster says of the slots."""
        with self.connection.cluster() as cluster:
            seen = [self._see(cluster, name) for name in self.places]
            return colours_evidence.texts(cluster, seen, self.model_dump(mode="json"), self.public)

    def stop_serving(self) -> str:
        """Scale the Deployments of all slots to 0. Each keeps in an annotation what it had."""
        with self.connection.cluster() as cluster:
            return stopping.stop(cluster, self.names, self.start_timeout_s)

    def serve_again(self) -> str:
        """Scale them to what they had, and wait for their pods."""
        with self.connection.cluster() as cluster:
            see, why = partial(self._see, cluster), partial(self._trouble, cluster)
            return colours_stopping.start(cluster, self.places, see, why, self.patience)

    def stopped(self) -> bool:
        """By the annotation."""
        with self.connection.cluster() as cluster:
            return bool(stopping.stopped_ones(cluster, self.names))

    def examine(self) -> list[Checkup]:
        """The cluster, and each slot's Deployment, pods, autoscaler and owner."""
        try:
            with self.connection.cluster() as cluster:
                see, why = partial(self._see, cluster), partial(self._trouble, cluster)
                return examined(cluster, self.places, see, why)
        except BackoutError as error:
            return [unreachable(error)]

    def mend(self, remedy: str) -> str:
        """`start SLOT`."""
        act, _, on = remedy.partition(" ")
        if act != START or on not in self.places:
            raise UnknownRemedy(adapter=self.kind, remedy=remedy)
        self.start(on)
        return f"slot {on} was scaled up"

    @contextmanager
    def _seeing(self, slot: str) -> Iterator[tuple[Cluster, SlotSight]]:
        if slot not in self.places:
            raise UnknownSlot(slot=slot, known=list(self.places))
        with self.connection.cluster() as cluster:
            yield cluster, self._see(cluster, slot)

    def _see(self, cluster: Cluster, slot: str) -> SlotSight:
        return self.places[slot].seen(cluster, slot, self.version_label)

    def _trouble(self, cluster: Cluster, seen: SlotSight) -> Trouble | None:
        secrets = secrets_of([seen.body["spec"]["template"]], self.public)
        return trouble(cluster, seen.body, seen.staying, secrets)

    def _restart_one_by_one(self, slot: str) -> int:
        with self._seeing(slot) as (cluster, _):
            return restart_one_by_one(cluster, partial(self._see, cluster, slot), self.start_timeout_s)

    def _scale_up(self, cluster: Cluster, seen: SlotSight) -> None:
        """As many pods as it had, and no fewer than the serving slot has, or `replicas`. Never touches the serving slot."""
        serving = self.route().slot
        if serving == seen.name:
            return
        # An autoscaler decides on every number but 0.
        if seen.wanted and autoscaled(cluster, seen.settings.deployment):
            return
        self._scale_back(cluster, seen)

    def _scale_back(self, cluster: Cluster, seen: SlotSight) -> None:
        serving = self.route().slot
        other = self._see(cluster, serving).wanted if serving else 0
        scale_back(cluster, seen.settings.deployment, at_least=seen.settings.replicas or max(other, 1))
