"""A slot that is a Deployment, as `backout.yaml` names it and as it is now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from blocks.fields import BaseUrl
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.in_place_settings import Workload
from blocks.kubernetes.pods import Pod, pods_of
from blocks.kubernetes.resources import DEPLOYMENT, Json
from blocks.kubernetes.revisions import Deployed, current, releases_of
from blocks.kubernetes.scaling import replicas
from blocks.kubernetes.settings import ObjectName
from domain.errors import Conflict, NotPrepared
from domain.release import Slot

COMING = frozenset({"", "ContainerCreating", "PodInitializing"})


class SlotDeployment(BaseModel):
    """What runs in one slot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deployment: ObjectName = Field(description="The Deployment's name.")
    container: ObjectName | None = Field(
        default=None, description="The container that is the application's; by default its first one."
    )
    replicas: int | None = Field(
        default=None,
        ge=1,
        description="How many pods it is to have when it gets traffic; by default as many as the slot that has it.",
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Where its pods listen; by default the container's first port.",
    )
    address: BaseUrl | None = Field(
        default=None,
        description="Where the slot itself answers, past the router; by default one of its pods, by its own address.",
    )
    upstream: str | None = Field(
        default=None,
        description="As the router knows it: labels for `kubernetes_service`, by default `color=SLOT`; `SERVICE:PORT` for"
        " `kubernetes_gateway` and `kubernetes_ingress`.",
    )

    def seen(self, cluster: Cluster, name: str, version_label: str) -> "SlotSight":
        """The slot as it is now. Raises as Cluster does, NotInCluster."""
        body = cluster.get(DEPLOYMENT, self.deployment)
        labels = body["spec"]["selector"].get("matchLabels", {})
        workload = Workload(name=self.deployment, container=self.container)
        [release] = releases_of([current(body, ())], workload, version_label)
        return SlotSight(name, self, body, pods_of(cluster, labels), release)


@dataclass(frozen=True)
class SlotSight:
    """A slot's Deployment and its pods at one moment.

    Attributes:
        pods: those that are leaving too.
        release: the one of its pod template.
    """

    name: str
    settings: SlotDeployment
    body: Json
    pods: Sequence[Pod]
    release: Deployed

    @property
    def container(self) -> str:
        """The application's."""
        return self.settings.container or str(self.body["spec"]["template"]["spec"]["containers"][0]["name"])

    @property
    def wanted(self) -> int:
        """How many pods it is to have."""
        return replicas(self.body)

    @property
    def paused(self) -> bool:
        """Whether it rolls nothing out until it is resumed."""
        return bool(self.body["spec"].get("paused"))

    def why_unknown(self, namespace: str) -> str:
        """Why a paused one cannot be told apart from another release, and what mends that."""
        command = f"kubectl rollout resume deployment/{self.settings.deployment} -n {namespace}"
        return f"{self.detail}, so nobody can tell which release its pods are of: `{command}`"

    @property
    def staying(self) -> list[Pod]:
        """Its pods, without those that are leaving."""
        return [pod for pod in self.pods if not pod.leaving]

    @property
    def ready(self) -> list[Pod]:
        """Those that take traffic, and go on to."""
        return [pod for pod in self.staying if pod.ready]

    @property
    def settled(self) -> bool:
        """Whether all its pods are ready and are of its present template."""
        status = self.body.get("status", {})
        rolled = status.get("observedGeneration", 0) >= self.body["metadata"]["generation"]
        updated = status.get("updatedReplicas", 0) == self.wanted
        return rolled and updated and 0 < self.wanted == len(self.ready) == len(self.staying)

    def coming(self, within_s: float) -> bool:
        """Whether more pods are about to become ready: some are missing, or younger than `within_s` and not ready yet."""
        young = [pod for pod in self.staying if not pod.ready and _may_come(pod, within_s)]
        return len(self.staying) < self.wanted or bool(young)

    def require_pods(self, within_s: float) -> None:
        """Refuse a switch to pods that are not there, or not all there yet; those older than `within_s` are not waited for.

        Raises:
            NotPrepared: none is ready.
            Conflict: more are about to be.
        """
        if not self.ready:
            why = f"the router would send users nowhere: {self.detail}"
            raise NotPrepared(release=f"slot {self.name} ({self.release.name})", why=why)
        if self.coming(within_s):
            found = f"still coming up ({self.detail})"
            raise Conflict(on=f"slot {self.name}", expected="ready", found=found)

    @property
    def slot(self) -> Slot:
        """The same in the words of all platforms. It runs where a pod is ready."""
        ready = self.ready
        started = [pod.since for pod in ready if pod.since]
        return Slot(
            name=self.name,
            version=self.release.name,
            running=bool(ready),
            address=self._address(ready),
            since=max(started, default=None),
            restarts=sum(pod.restarts for pod in self.staying),
            detail=self.detail,
        )

    @property
    def detail(self) -> str:
        """How many pods are ready; one line."""
        paused = "; its rollout is paused" if self.paused else ""
        if self.wanted == 0:
            return f"Deployment {self.settings.deployment} is scaled to 0{paused}"
        return f"{len(self.ready)} of {self.wanted} pods of Deployment {self.settings.deployment} are ready{paused}"

    def _address(self, ready: Sequence[Pod]) -> str | None:
        if self.settings.address:
            return self.settings.address
        port = self.settings.port or self._declared_port()
        if not ready or port is None:
            return None
        ip = ready[0].ip
        return f"http://[{ip}]:{port}" if ":" in ip else f"http://{ip}:{port}"

    def _declared_port(self) -> int | None:
        containers = self.body["spec"]["template"]["spec"]["containers"]
        own = next((one for one in containers if one["name"] == self.settings.container), containers[0])
        ports = own.get("ports") or [{}]
        declared: int | None = ports[0].get("containerPort")
        return declared


def _may_come(pod: Pod, within_s: float) -> bool:
    if pod.restarts or pod.reason not in COMING:
        return False
    return pod.since is None or (datetime.now(UTC) - pod.since).total_seconds() < within_s
