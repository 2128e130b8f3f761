"""Waiting for a rollout, and giving it up with the reason where it stalls."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from blocks.hosts.local import nothing
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.masking import secrets_of
from blocks.kubernetes.resources import Json
from blocks.kubernetes.site import Sight, Site
from blocks.kubernetes.stall import Trouble, trouble
from domain.errors import RolloutStalled

LOOK_S = 0.25
LOOK_AT_PODS_S = 1.0


def ended(deployment: Json) -> bool:
    """Whether all pods are the newest revision's and available, as `kubectl rollout status` decides it."""
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    updated = status.get("updatedReplicas", 0)
    return bool(
        status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        and updated >= wanted
        and status.get("replicas", 0) <= updated
        and status.get("availableReplicas", 0) >= updated
    )


def wait_for(
    site: Site, cluster: Cluster, releases: Mapping[str, str], meanwhile: Callable[[], None] = nothing
) -> None:
    """Return when the rollouts have ended.

    Args:
        site: the Deployments.
        cluster: their namespace.
        releases: Deployment, as the settings call it -> the release that it is rolled out to.
        meanwhile: called every `LOOK_AT_PODS_S`; what it raises ends the wait, and is raised here.

    Raises:
        RolloutStalled: one did not end within `rollout_timeout_s`, or cannot for `stalled_s` already.
        NotInCluster, ClusterUnavailable: it cannot be looked at any more.
    """
    waits = [_Wait(site, cluster, key, release) for key, release in releases.items()]
    now = time.monotonic()
    deadline, due = now + site.settings.rollout_timeout_s, now + LOOK_AT_PODS_S
    while waits := [wait for wait in waits if not wait.over(deadline)]:
        if time.monotonic() >= due:
            meanwhile()
            due = time.monotonic() + LOOK_AT_PODS_S
        time.sleep(LOOK_S)


@dataclass
class _Wait:
    """One rollout that is waited for."""

    site: Site
    cluster: Cluster
    key: str
    release: str
    since: float | None = None
    pods_at: float = field(default_factory=lambda: time.monotonic() + LOOK_AT_PODS_S)

    def over(self, deadline: float) -> bool:
        """Whether it has ended. Raises RolloutStalled."""
        sight = self.site.sight(self.cluster, self.key)
        if ended(sight.body):
            return True
        now = time.monotonic()
        if now > deadline:
            found = self._trouble(sight)
            why = f"; {found.why}" if found else ""
            raise self._stalled(
                f"not all pods are ready after {self.site.settings.rollout_timeout_s:g} s{why}"
            )
        if now >= self.pods_at:
            self.pods_at = now + LOOK_AT_PODS_S
            self._give_up_where_hopeless(sight, now)
        return False

    def _give_up_where_hopeless(self, sight: Sight, now: float) -> None:
        found = self._trouble(sight)
        if found is None or not found.hopeless:
            self.since = None
            return
        self.since = now if self.since is None else self.since
        if now - self.since >= self.site.settings.stalled_s:
            raise self._stalled(found.why)

    def _trouble(self, sight: Sight) -> Trouble | None:
        pods = self.site.pods(self.cluster, sight, sight.release)
        return trouble(
            self.cluster, sight.body, pods, secrets_of([sight.now.template], self.site.settings.public)
        )

    def _stalled(self, why: str) -> RolloutStalled:
        return RolloutStalled(
            deployment=self.site.settings.deployments[self.key].name, release=self.release, why=why
        )
