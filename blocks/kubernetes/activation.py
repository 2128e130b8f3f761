"""One release takes another's place: note it, ConfigMaps, pod templates, wait, note that it is done. Each step looks first.

Killed anywhere, the same call goes on; going back is the same call with the other release.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from blocks.hosts.local import nothing
from blocks.kubernetes import owners
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.intent import Intent, intent_of, now
from blocks.kubernetes.kept_config_maps import KeptConfigMaps
from blocks.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, Json
from blocks.kubernetes.revisions import NUMBER, Deployed, Revision, bare
from blocks.kubernetes.rollout import wait_for
from blocks.kubernetes.site import Seen, Sight, Site
from blocks.kubernetes.undo import Edit, change, with_intent, with_revision
from blocks.routers.contract import Receipt, Route, changed_since
from domain.errors import NotPrepared

ALL_AT_ONCE = "Recreate"


def put_in_place(site: Site, name: str, expected: Route, meanwhile: Callable[[], None] = nothing) -> Receipt:
    """Put a release in place: all Deployments go to their revision of it, as far as they have one.

    `meanwhile`: as `wait_for` has it.

    Raises:
        UnknownSlot: there is no such release.
        Conflict: something else is in place than expected, or somebody else deployed in between.
        NotPrepared: a Deployment is paused; nothing was changed.
        RolloutStalled: its pods do not become ready. The same call goes on.
        NotInCluster, CommandFailed, ClusterForbids, ClusterUnavailable: a step failed. The same call goes on.
    """
    with site.cluster() as cluster:
        seen = site.see(cluster)
        release = site.release(seen.main, name)
        if seen.intent is None and seen.main.release == release:
            return Receipt(changed=False, before=release.name, after=release.name)
        if seen.route.stamp != expected.stamp:
            raise changed_since(f"Deployment {seen.main.name}", expected, seen.route)
        check_paused(release.name, seen.deployments.values())
        return _Activation(site, cluster, seen, release).run(meanwhile)


def check_paused(release: str, sights: Iterable[Sight]) -> None:
    """Raises NotPrepared where a Deployment rolls nothing out."""
    for sight in sights:
        if sight.paused:
            why = f"Deployment {sight.name} is paused: `kubectl rollout resume deployment/{sight.name}` first"
            raise NotPrepared(release=release, why=why)


def number_of(body: Json) -> int:
    """The Deployment's revision, as its controller numbered it last."""
    return int((body["metadata"].get("annotations") or {}).get(NUMBER, "0"))


class _Activation:
    """The steps, in their order."""

    def __init__(self, site: Site, cluster: Cluster, seen: Seen, release: Deployed) -> None:
        self._site = site
        self._cluster = cluster
        self._seen = seen
        self._release = release
        self._begun_at = time.monotonic()
        self._bodies = {key: sight.body for key, sight in seen.deployments.items()}
        self._intent = self._note()

    def run(self, meanwhile: Callable[[], None]) -> Receipt:
        """All of them."""
        restored = self._restore_configuration()
        moved = self._move()
        wait_for(self._site, self._cluster, dict.fromkeys(moved, self._release.name), meanwhile)
        self._done()
        return Receipt(
            changed=True,
            before=self._intent.before,
            after=self._release.name,
            cost=self._cost(restored, moved),
        )

    def _note(self) -> Intent:
        """What is under way, in the cluster. What was begun before, for whichever release, goes on as this."""
        found, main = self._seen.intent, self._seen.main
        kept = KeptConfigMaps(self._cluster, self._site.settings.config_maps)
        if found is None:
            kept.keep(main.release.name)
        sets = {key: sight.now.set_name for key, sight in self._seen.deployments.items()}
        intent = Intent(
            before=found.before if found else main.release.name,
            to=self._release.name,
            begun=found.begun if found else now(),
            revision=number_of(main.body),
            sets=found.sets if found else sets,
            target=self._release.newest.set_name,
        )
        noted = change(self._cluster, DEPLOYMENT, main.body, lambda body: with_intent(body, intent))
        self._bodies[main.key] = noted
        return intent

    def _restore_configuration(self) -> list[str]:
        kept = KeptConfigMaps(self._cluster, self._site.settings.config_maps)
        state = kept.of(self._release.name)
        return kept.put(state) if state else []

    def _move(self) -> dict[str, Revision]:
        """Give each Deployment its pod template of the release; the revisions of those that have one."""
        targets = {key: self._target(sight) for key, sight in self._seen.deployments.items()}
        found = {key: target for key, target in targets.items() if target is not None}
        for key, target in found.items():
            change(self._cluster, DEPLOYMENT, self._bodies[key], to_revision(target))
        return found

    def _target(self, sight: Sight) -> Revision | None:
        """The revision that a Deployment goes to; None where it has none of this release."""
        back = sight.of_set(self._intent.sets.get(sight.key, ""))
        if back and self._release.name == self._intent.before:
            return back
        if sight.key == self._seen.main.key:
            return self._release.newest
        found = sight.find(self._release.name) or _of_version(sight, self._release.version)
        return found.newest if found else None

    def _done(self) -> None:
        """Nothing is under way any more, nor with a part that was cut off: this put that right too."""
        for name in self._site.settings.config_maps:
            held = self._cluster.find(CONFIG_MAP, name)
            if held and intent_of(held):
                change(self._cluster, CONFIG_MAP, held, lambda body: with_intent(body, None))
        sight = self._site.sight(self._cluster, self._seen.main.key)
        change(self._cluster, DEPLOYMENT, sight.body, lambda body: with_intent(body, None))

    def _cost(self, restored: Sequence[str], moved: Mapping[str, Revision]) -> str:
        sights = [self._seen.deployments[key] for key in moved]
        said = [cost_of_rollout(sight.body) for sight in sights]
        said.append(f"that took {time.monotonic() - self._begun_at:.1f} s")
        said += [f"ConfigMap {name} holds again what it held with {self._release.name}" for name in restored]
        left = [sight for key, sight in self._seen.deployments.items() if key not in moved]
        said += [
            f"{sight.name} has no revision of {self._release.name} and stays on {sight.release.name}"
            for sight in left
        ]
        return "; ".join([*said, *owners.warnings([sight.body for sight in sights])])


def cost_of_rollout(body: Json) -> str:
    """What clients may notice of a rollout of this Deployment."""
    name, strategy = body["metadata"]["name"], body["spec"].get("strategy", {})
    if strategy.get("type") == ALL_AT_ONCE:
        return f"all pods of {name} were stopped before the new ones started (strategy Recreate)"
    down = strategy.get("rollingUpdate", {}).get("maxUnavailable", "25%")
    return f"the pods of {name} were replaced in turn (maxUnavailable {down})"


def _of_version(sight: Sight, version: str) -> Deployed | None:
    return next((one for one in sight.releases if one.version == version), None)


def to_revision(target: Revision) -> Edit:
    """Gives a Deployment this revision's template; what has it already is left alone."""
    return lambda body: (
        body if bare(body["spec"]["template"]) == target.template else with_revision(body, target)
    )
