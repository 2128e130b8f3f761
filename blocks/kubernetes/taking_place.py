"""A new release takes the place of the one that runs: it is noted, brought by a command, waited for, and noted as done.

Killed anywhere, `put_in_place` with the release before undoes it: until the last step that one counts as in place.
"""

import time
from collections.abc import Callable

from blocks.hosts.local import nothing
from blocks.kubernetes.activation import check_paused, cost_of_rollout, number_of
from blocks.kubernetes.intent import Intent, intent_of, now
from blocks.kubernetes.kept_config_maps import KeptConfigMaps
from blocks.kubernetes.resources import DEPLOYMENT
from blocks.kubernetes.rollout import wait_for
from blocks.kubernetes.site import Seen, Sight, Site
from blocks.kubernetes.undo import change, with_intent
from blocks.routers.contract import Receipt, Route, changed_since
from blocks.takes_place import Bring
from domain.errors import NotInstalled

LEAST_KEPT = 1
"""`revisionHistoryLimit`: with 0 the cluster removes the release before as soon as the new one is there."""


def no_way_back(site: Site) -> str:
    """Why what runs could not be put in place again; empty where it can. Changes nothing. Raises as Cluster does."""
    with site.cluster() as cluster:
        seen = site.see(cluster)
        if seen.intent:
            return f"{seen.intent.to} was begun to be put in the place of {seen.intent.before}, and that never ended"
        why = [why_lost(sight) for sight in seen.deployments.values()]
        KeptConfigMaps(cluster, site.settings.config_maps).live()
        return "; ".join(one for one in why if one)


def keep_way_back(site: Site) -> list[str]:
    """Copy the ConfigMaps as what runs now has them; what is kept, one line each. Raises NotPrepared, NotInCluster."""
    with site.cluster() as cluster:
        seen = site.see(cluster)
        check_paused(seen.main.release.name, seen.deployments.values())
        made = KeptConfigMaps(cluster, site.settings.config_maps).keep(seen.main.release.name)
        sets = [f"revision {sight.now.number} of {sight.name}" for sight in seen.deployments.values()]
        return [*sets, *(f"ConfigMap {name}" for name in made)]


def bring_in_place(
    site: Site, release: str, expected: Route, bring: Bring, meanwhile: Callable[[], None] = nothing
) -> Receipt:
    """Have the release brought, and wait until all pods are its own. `meanwhile`: as `wait_for` has it.

    Raises:
        Conflict: something else is in place than expected; nothing was changed.
        NotPrepared: a Deployment is paused; nothing was changed.
        NotInstalled: the command ended well, and the main Deployment does not ask for this release.
        CommandFailed: the command failed; it may have changed some of the Deployments.
        RolloutStalled: its pods do not become ready.
        NotInCluster, ClusterForbids, ClusterUnavailable: a step failed.
    """
    began = time.monotonic()
    before = _note(site, release, expected)
    bring()
    with site.cluster() as cluster:
        sights = site.see(cluster).deployments
        main = next(iter(sights.values()))
        if main.release.name != release:
            why = f"Deployment {main.name} asks for {main.release.name}"
            raise NotInstalled(release=release, slot=main.name, why=why)
        wait_for(site, cluster, dict.fromkeys(sights, release), meanwhile)
        change(cluster, DEPLOYMENT, site.sight(cluster, main.key).body, lambda body: with_intent(body, None))
    said = [cost_of_rollout(sight.body) for sight in sights.values()]
    took = f"that took {time.monotonic() - began:.1f} s"
    return Receipt(changed=True, before=before, after=release, cost="; ".join([*said, took]))


def _note(site: Site, release: str, expected: Route) -> str:
    """What is under way, in the cluster; the release in place. The command's change is the next revision, whatever its set."""
    with site.cluster() as cluster:
        seen = site.see(cluster)
        if not _begun(seen, release):
            if seen.route.stamp != expected.stamp:
                raise changed_since(f"Deployment {seen.main.name}", expected, seen.route)
            check_paused(release, seen.deployments.values())
            change(
                cluster, DEPLOYMENT, seen.main.body, lambda body: with_intent(body, _intent(seen, release))
            )
        return seen.in_place


def _begun(seen: Seen, release: str) -> bool:
    """By an earlier try of the same act."""
    return seen.intent is not None and seen.intent.to == release and not seen.intent.target


def _intent(seen: Seen, release: str) -> Intent:
    sets = {key: sight.now.set_name for key, sight in seen.deployments.items()}
    return Intent(
        before=seen.in_place,
        to=release,
        begun=now(),
        revision=number_of(seen.main.body),
        sets=sets,
        target="",
    )


def is_being_brought(sight: Sight, release: str) -> bool:
    """Whether a command brings it, or brought it and was not waited for."""
    found = intent_of(sight.body)
    return found is not None and found.to == release and not found.target and not found.part


def why_lost(sight: Sight) -> str:
    """Why a Deployment could not go back to its revision; empty where it can."""
    if sight.paused:
        return f"Deployment {sight.name} is paused: `kubectl rollout resume deployment/{sight.name}` first"
    if not sight.now.set_name:
        return f"the cluster has made no ReplicaSet of what {sight.name} asks for"
    limit = sight.body["spec"].get("revisionHistoryLimit")
    if limit is not None and limit < LEAST_KEPT:
        return f"Deployment {sight.name} keeps no revision (revisionHistoryLimit: {limit}); set it to {LEAST_KEPT} or more"
    return ""
