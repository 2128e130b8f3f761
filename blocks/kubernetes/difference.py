"""In what two releases differ that the cluster has revisions of: images, variables by their names, keys of ConfigMaps."""

from collections.abc import Iterator, Mapping

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.kept_config_maps import Content, KeptConfigMaps
from blocks.kubernetes.revisions import Revision
from blocks.kubernetes.site import Sight, Site


def difference(site: Site, cluster: Cluster, old: str, new: str) -> list[str]:
    """The rows, their number first; no value is shown. Empty where the cluster has no revision of one of the two."""
    seen = site.see(cluster)
    if seen.main.find(old) is None or seen.main.find(new) is None:
        return []
    rows = [row for sight in seen.deployments.values() for row in _of_deployment(sight, old, new)]
    rows += _of_config_maps(KeptConfigMaps(cluster, site.settings.config_maps), new)
    return [f"{old} to {new}: {len(rows)} differences of images and configuration", *rows]


def _of_deployment(sight: Sight, old: str, new: str) -> Iterator[str]:
    before, after = sight.find(old), sight.find(new)
    if before is None or after is None:
        return
    for name in _differing(before.newest.images, after.newest.images):
        images = [one.newest.images.get(name, "none") for one in (before, after)]
        yield f"{sight.name}: image of {name}: {images[0]} to {images[1]}"
    for name in _differing(_variables(before.newest), _variables(after.newest)):
        yield f"{sight.name}: variable {name}"


def _of_config_maps(kept: KeptConfigMaps, new: str) -> list[str]:
    """What the ConfigMaps hold now, beside what they held with the other release; nothing where that was not kept."""
    state, live = kept.of(new), kept.live()
    if state is None:
        return []
    return [
        f"ConfigMap {name}: key {key}"
        for name in live
        for key in _differing(_keys(live, name), _keys(state.content, name))
    ]


def _variables(revision: Revision) -> dict[str, object]:
    containers = revision.template["spec"]["containers"]
    return {one["name"]: one for container in containers for one in container.get("env", [])}


def _keys(content: Content, name: str) -> dict[str, object]:
    held = content.get(name, {})
    return {key: value for kind in held.values() for key, value in kind.items()}


def _differing(first: Mapping[str, object], second: Mapping[str, object]) -> list[str]:
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
