"""What is wrong with Deployments and their cluster, and what mends it, for `backout doctor`."""

import shlex
from collections.abc import Iterator

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.governors import of_autoscaler, of_owner
from blocks.kubernetes.masking import secrets_of
from blocks.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, EVENT, POD, REPLICA_SET, Resource
from blocks.kubernetes.rollout import ended
from blocks.kubernetes.site import Seen, Sight, Site, of_pods
from blocks.kubernetes.stall import trouble
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import BackoutError, ClusterForbids, NotInCluster

CLUSTER, ROLE, WORKLOAD = "Kubernetes", "Role", "Deployment"
BEFORE, CONFIG, UNDER_WAY = "release before", "ConfigMap", "rollback"
STATUS = 'Jarvis "Step 1: Assess Situation" 1'
HISTORY = 'Jarvis "Option B: Kubernetes Rollback" 1'
CONFIGURATION = 'Jarvis "Rollback Configuration Only"'

READ = [(verb, one, "") for one in (DEPLOYMENT, REPLICA_SET, POD) for verb in ("get", "list")]
NEEDED = [*READ, ("list", EVENT, ""), ("get", POD, "log"), ("update", DEPLOYMENT, "")]
FOR_CONFIG_MAPS = [(verb, CONFIG_MAP, "") for verb in ("get", "list", "create", "update", "delete")]


def of(site: Site) -> list[Checkup]:
    """The cluster, the Role, each Deployment, the ConfigMaps. Never raises."""
    try:
        with site.cluster() as cluster:
            return list(_examined(site, cluster))
    except BackoutError as error:
        on = site.settings.connection.namespace
        return [
            wrong(
                CLUSTER,
                on,
                error.what(),
                Remedy(command=error.next_step()),
                source=STATUS,
                symptom="no answer",
            )
        ]


def _examined(site: Site, cluster: Cluster) -> Iterator[Checkup]:
    yield _role(site, cluster)
    try:
        seen = site.see(cluster)
    except (ClusterForbids, NotInCluster) as error:
        step = Remedy(command=error.next_step())
        yield wrong(WORKLOAD, cluster.namespace, error.what(), step, source=STATUS, symptom="cannot be read")
        return
    for sight in seen.deployments.values():
        yield _deployment(site, cluster, sight)
        yield from of_autoscaler(cluster, sight.body, sight.name, "a rollback leaves that to it", STATUS)
        yield from of_owner(sight.body, sight.name, STATUS)
    yield _release_before(seen)
    yield from _under_way(seen)
    yield from (_config_map(cluster, name) for name in site.settings.config_maps)


def _role(site: Site, cluster: Cluster) -> Checkup:
    """Whether our Role allows what a rollback asks for."""
    needed = [*NEEDED, *(FOR_CONFIG_MAPS if site.settings.config_maps else [])]
    lacking = [_right(*one) for one in needed if not cluster.may(*one)]
    if not lacking:
        return well(
            ROLE, cluster.namespace, f"allows all {len(needed)} things that a rollback needs", source=STATUS
        )
    show = Remedy(command=shlex.join(["kubectl", "auth", "can-i", "--list", "-n", cluster.namespace]))
    said = f"does not allow to {', '.join(lacking)}; docs/kubernetes.md has the Role that is enough"
    return wrong(ROLE, cluster.namespace, said, show, source=STATUS, symptom="rights missing")


def _right(verb: str, resource: Resource, part: str) -> str:
    return f"{verb} {resource.name}{f'/{part}' if part else ''}"


def _deployment(site: Site, cluster: Cluster, sight: Sight) -> Checkup:
    pods = site.pods(cluster, sight, sight.release)
    said = f"{of_pods(pods)}, release {sight.release.name}, revision {sight.now.number}"
    if sight.paused:
        resume = Remedy(command=_kubectl(cluster, "rollout", "resume", f"deployment/{sight.name}"))
        return wrong(WORKLOAD, sight.name, f"is paused; {said}", resume, source=STATUS, symptom="paused")
    if ended(sight.body):
        return well(WORKLOAD, sight.name, said, source=STATUS)
    found = trouble(cluster, sight.body, pods, secrets_of([sight.now.template], site.settings.public))
    look = Remedy(command=_kubectl(cluster, "describe", f"deployment/{sight.name}"))
    back = Remedy(command="backout rollback APP")
    why = f"; {found.why}" if found else ""
    return wrong(
        WORKLOAD, sight.name, f"{said}{why}", look, back, source=STATUS, symptom="not all pods are ready"
    )


def _release_before(seen: Seen) -> Checkup:
    """Whether there is a release to go back to."""
    main = seen.main
    others = [one.name for one in main.releases if one.name != seen.in_place]
    if others:
        return well(BEFORE, main.name, f"the cluster keeps {', '.join(others)}", source=HISTORY)
    if main.body["spec"].get("revisionHistoryLimit") == 0:
        keep = '{"spec": {"revisionHistoryLimit": 10}}'
        said = "its revisionHistoryLimit is 0: the cluster keeps nothing to go back to"
        mend = Remedy(command=shlex.join(["kubectl", "patch", f"deployment/{main.name}", "-p", keep]))
        return wrong(BEFORE, main.name, said, mend, source=HISTORY, symptom="no history")
    return unseen(
        BEFORE,
        main.name,
        "this is the only release the cluster knows of: nothing to go back to",
        source=HISTORY,
    )


def _under_way(seen: Seen) -> Iterator[Checkup]:
    for sight in seen.deployments.values():
        if intent := sight.intent:
            what = f"--only {intent.part} " if intent.part else ""
            said = f"{intent.part or 'the release'} was to go from {intent.before} to {intent.to}, and that never ended"
            again = Remedy(command=f"backout rollback APP {what}--to {intent.to}")
            yield wrong(UNDER_WAY, sight.name, said, again, source=HISTORY, symptom="half done")


def _config_map(cluster: Cluster, name: str) -> Checkup:
    try:
        body = cluster.get(CONFIG_MAP, name)
    except (ClusterForbids, NotInCluster) as error:
        step = Remedy(command=error.next_step())
        return wrong(CONFIG, name, error.what(), step, source=CONFIGURATION, symptom="cannot be read")
    if body.get("immutable"):
        said = "is immutable: Backout keeps copies of it, and cannot put one back"
        return wrong(CONFIG, name, said, source=CONFIGURATION, symptom="immutable")
    return well(CONFIG, name, f"{len(body.get('data', {}))} keys", source=CONFIGURATION)


def _kubectl(cluster: Cluster, *words: str) -> str:
    return shlex.join(["kubectl", *words, "-n", cluster.namespace])
