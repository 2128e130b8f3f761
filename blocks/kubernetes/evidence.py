"""What a rollback keeps first, and what is read while it is watched: objects, events, logs, use; without a secret."""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import yaml

from blocks.kubernetes import masking
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.crashes import crash_logs
from blocks.kubernetes.kept_config_maps import content_of
from blocks.kubernetes.metrics import usage_of
from blocks.kubernetes.pods import Pod, pods_of
from blocks.kubernetes.resources import CONFIG_MAP, Json
from blocks.kubernetes.site import Sight, Site
from blocks.kubernetes.tables import events_table, pods_table, table
from blocks.program import masked
from domain.errors import BackoutError
from domain.release import Usage

AT_ONCE = 4


def logs(site: Site, cluster: Cluster, sights: Sequence[Sight], lines: int) -> list[str]:
    """The last lines of the pods that these Deployments ask for, oldest first, with the pod's name where they are several."""
    if lines <= 0:
        return []
    pods = [pod for sight in sights for pod in site.pods(cluster, sight, sight.release)]
    said = [line for pod in pods for line in _said(cluster, pod, lines, several=len(pods) > 1)]
    last = [text for _, text in sorted(said, key=lambda line: line[0])[-lines:]]
    return masked("\n".join(last), _secrets(site, sights)).split("\n") if last else []


def usage(site: Site, cluster: Cluster, sights: Sequence[Sight]) -> Usage | None:
    """What their pods use; None where the cluster serves no metrics, or none of these pods yet."""
    return usage_of(
        cluster, {pod.name for sight in sights for pod in site.pods(cluster, sight, sight.release)}
    )


def texts(site: Site, cluster: Cluster, settings: dict[str, Any]) -> dict[str, str]:
    """File name -> text. Changes nothing. Raises as Cluster does where the Deployments themselves cannot be read."""
    sights = list(site.see(cluster).deployments.values())
    public = site.settings.public
    readers = {
        "deployments.yaml": lambda: _yaml([masking.shown(sight.body, public) for sight in sights]),
        "revisions.txt": lambda: _revisions(site, sights),
        "pods.txt": lambda: pods_table(_pods(cluster, sights)),
        "events.txt": lambda: events_table(cluster, [sight.name for sight in sights]),
        "config_maps.yaml": lambda: _yaml(_config_maps(site, cluster)),
    }
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="evidence") as pool:
        asked = {name: pool.submit(_read, reader) for name, reader in readers.items()}
        crashes = pool.submit(lambda: _crashes(cluster, sights))
        found = {name: answer.result() for name, answer in asked.items()} | crashes.result()
    secrets = _secrets(site, sights)
    return {"platform.yaml": _yaml(settings)} | {name: masked(text, secrets) for name, text in found.items()}


def _read(reader: Any) -> str:
    try:
        return str(reader())
    except BackoutError as error:  # evidence that cannot be had must not stop a rollback
        return f"# could not be read: {' '.join(error.what().split())}\n"


def _said(cluster: Cluster, pod: Pod, lines: int, *, several: bool) -> list[tuple[str, str]]:
    """(time, line), the time as the cluster writes it."""
    name = f"{pod.name} | " if several else ""
    found = []
    for container in pod.containers:
        for line in cluster.log(pod.name, container.name, lines, times=True):
            at, _, text = line.partition(" ")
            found.append((at, f"{name}{text}".rstrip()))
    return found


def _secrets(site: Site, sights: Iterable[Sight]) -> set[str]:
    """Of all revisions: what is shown of one may hold what another one was given."""
    templates = [
        revision.template for sight in sights for release in sight.releases for revision in release.revisions
    ]
    return masking.secrets_of(templates, site.settings.public)


def _pods(cluster: Cluster, sights: Iterable[Sight]) -> list[Pod]:
    return [pod for sight in sights for pod in pods_of(cluster, sight.labels)]


def _revisions(site: Site, sights: Iterable[Sight]) -> str:
    rows = [
        ["DEPLOYMENT", "REVISION", "RELEASE", "IMAGE", "REPLICASET", "CREATED", "IN PLACE", "CHANGE CAUSE"]
    ]
    rows += [
        [
            sight.name,
            str(one.number),
            release.name,
            one.image(site.settings.deployments[sight.key].container),
            one.set_name,
            one.created.isoformat(),
            "yes" if one == sight.now else "-",
            one.cause,
        ]
        for sight in sights
        for release in sight.releases
        for one in reversed(release.revisions)
    ]
    return table(rows)


def _crashes(cluster: Cluster, sights: Iterable[Sight]) -> dict[str, str]:
    with suppress(BackoutError):  # as in `_read`
        return crash_logs(cluster, _pods(cluster, sights))
    return {}


def _config_maps(site: Site, cluster: Cluster) -> dict[str, Json]:
    found = {}
    for name in site.settings.config_maps:
        body = cluster.find(CONFIG_MAP, name)
        held = content_of(body).get("data", {}) if body else {}
        found[name] = {key: masking.entry(key, text, site.settings.public) for key, text in held.items()}
    return found


def _yaml(document: Any) -> str:
    return yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, allow_unicode=True)
