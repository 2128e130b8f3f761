"""Blue and green as Deployments of one Kubernetes namespace, behind a Service."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from blocks.kubernetes import colours_evidence, colours_stopping, stopping
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.colours_checkup import START, examined, unreachable
from blocks.kubernetes.in_place_settings import VERSION_LABEL
from blocks.kubernetes.masking import secrets_of
from blocks.kubernetes.metrics import usage_of
from blocks.kubernetes.owners import warnings
from blocks.kubernetes.proving import Patience, prove
from blocks.kubernetes.reconnecting import reconnect, restart_one_by_one
from blocks.kubernetes.resources import DEPLOYMENT
from blocks.kubernetes.restarting import is_due, mark_of, moment, patch_of
from blocks.kubernetes.scaling import autoscaled, scale, scale_back
from blocks.kubernetes.settings import ClusterSettings
from blocks.kubernetes.slot_deployment import SlotDeployment, SlotSight
from blocks.kubernetes.stall import Trouble, trouble
from blocks.platforms.contract import Aligned, BlueGreen, Look, Standing, Unproven
from blocks.program import SlotName, masked
from blocks.restartable import Restartable
from blocks.routers.contract import Receipt, Route
from domain.checkup import Checkup
from domain.errors import BackoutError, CommandFailed, Conflict, UnknownRemedy, UnknownSlot
from domain.release import Slot, Usage


class KubernetesBlueGreen(BlueGreen, Restartable):
    """Each slot is a Deployment, which says its release; the router sends users to the pods of one.

    A slot that was scaled to 0 comes up first, to as many pods as it had, or as the other one has; traffic moves when all
    of them are ready and healthy. Both stay up then.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    stops: ClassVar[bool] = True
    rolling: ClassVar[bool] = True
    kind: Literal["kubernetes_blue_green"] = "kubernetes_blue_green"
    connection: ClusterSettings = Field(alias="cluster", description="The cluster and the namespace.")
    places: dict[SlotName, SlotDeployment] = Field(
        alias="slots", min_length=2, description="Slot -> its Deployment."
    )
    version_label: str = Field(
        default=VERSION_LABEL,
        description="The label of the pod template that says the release; without it the image's tag does, then its digest.",
    )
    start_timeout_s: float = Field(
        default=300.0, gt=0, le=3600, description="Seconds until all pods of a slot must be ready."
    )
    stalled_s: float = Field(
        default=20.0,
        ge=0,
        le=600,
        description="Seconds after which a slot is given up whose pods cannot start: an image that cannot be pulled, a"
        " crash loop, a missing ConfigMap, a quota.",
    )
    health_timeout_s: float = Field(
        default=15.0, ge=0, description="Seconds until a slot must be healthy, once its pods are ready."
    )
    move_connections: bool = Field(
        default=False,
        description="After a switch, restart the pods of the slot that was left, one by one, so that clients which keep"
        " connections open connect anew. Each such connection is cut once.",
    )
    public: list[str] = Field(
        default_factory=list,
        description="Names of variables whose values are no secrets; all others are masked.",
    )

    @model_validator(mode="after")
    def _deployments_differ(self) -> Self:
        if len(set(self._names)) < len(self.places):
            raise ValueError("a Deployment belongs to two slots")
        return self

    @property
    def aligns(self) -> bool:
        """Whether connections are moved after a switch."""
        return self.move_connections

    def upstreams(self) -> Mapping[str, str]:
        """Slot -> its labels, or its Service, as the router knows it."""
        return {name: place.upstream or f"color={name}" for name, place in self.places.items()}

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
            return prove(see, look, partial(self._trouble, cluster), self._patience)

    def start(self, slot: str) -> None:
        """Scale it up, as `prepare` does; it is not waited for."""
        with self._seeing(slot) as (cluster, seen):
            self._scale_up(cluster, seen)

    def stop(self, slot: str) -> None:
        """Scale it to 0; what it had is kept in an annotation. Raises Conflict, CommandFailed, Unreachable, UnknownSlot."""
        with self._seeing(slot) as (cluster, seen):
            route = self.route()
            if route.slot == slot or route.shares.get(slot):
                raise Conflict(on=f"slot {slot}", expected="idle", found="serving")
            scale(cluster, seen.settings.deployment, 0)

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
            colours_stopping.wait_until_settled(see, why, self._patience)

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The last lines of its pods' main containers, pod by pod; values of their variables are masked."""
        with self._seeing(slot) as (cluster, seen):
            secrets = secrets_of([seen.body["spec"]["template"]], self.public)
            return [masked(line, secrets) for line in colours_evidence.logs(cluster, seen, lines)]

    def usage(self, slot: str) -> Usage | None:
        """What its pods use, where the cluster serves metrics.k8s.io; it says nothing of CPU time."""
        with self._seeing(slot) as (cluster, seen):
            return usage_of(cluster, [pod.name for pod in seen.staying])

    def configuration(self) -> dict[str, str]:
        """`platform.yaml`: the settings; `deployments.yaml`, `pods.txt`, `events.txt`: what the cluster says of the slots."""
        with self.connection.cluster() as cluster:
            seen = [self._see(cluster, name) for name in self.places]
            return colours_evidence.texts(cluster, seen, self.model_dump(mode="json"), self.public)

    def stop_serving(self) -> str:
        """Scale the Deployments of all slots to 0. Each keeps in an annotation what it had."""
        with self.connection.cluster() as cluster:
            return stopping.stop(cluster, self._names, self.start_timeout_s)

    def serve_again(self) -> str:
        """Scale them to what they had, and wait for their pods."""
        with self.connection.cluster() as cluster:
            see, why = partial(self._see, cluster), partial(self._trouble, cluster)
            return colours_stopping.start(cluster, self.places, see, why, self._patience)

    def stopped(self) -> bool:
        """By the annotation."""
        with self.connection.cluster() as cluster:
            return bool(stopping.stopped_ones(cluster, self._names))

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

    @property
    def _patience(self) -> Patience:
        return Patience(self.start_timeout_s, self.stalled_s, self.health_timeout_s)

    @property
    def _names(self) -> list[str]:
        return [place.deployment for place in self.places.values()]

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
        other = self._see(cluster, serving).wanted if serving else 0
        scale_back(cluster, seen.settings.deployment, at_least=seen.settings.replicas or max(other, 1))
