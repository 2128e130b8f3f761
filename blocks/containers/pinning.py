"""Images of releases, held by a tag of Backout's own: `docker image prune` takes only what has no tag at all."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blocks.containers.engine import engine
from blocks.containers.identity import OfContainers
from blocks.pins import Pins
from domain.names import block_name, image_tag
from domain.release import Release

REPOSITORY = "backout-kept"
BETWEEN = "--"
"""Between release and service in a tag: an image's repository must be in small letters, a tag need not be."""

BARE = re.compile(r"[0-9a-f]{64}")

LONGEST = 128
"""Of a tag, in characters."""


class PinsImages(OfContainers, Pins):
    """For platforms whose slots are services with containers: what their releases are made of is on one engine."""

    def pin(self, application: str, releases: Sequence[Release]) -> list[str]:
        """`backout-kept/APP--ENV:RELEASE--SERVICE` for each image that is here."""
        repository = f"{REPOSITORY}/{block_name(application)}"
        with engine() as client:
            here = _by_digest(client)
            for release in releases:
                for service, digest in release.images.items():
                    if (known := _normal(digest)) in here:
                        client.api.tag(here[known], repository, _tag(release.version, service))
            stays = _take_off(client, repository, [release.version for release in releases])
        absent = [f"{release.version}: {lost}" for release in releases if (lost := _lost(here, release))]
        held = [f"{release.version}: held as {repository}" for release in releases if release.images]
        return [*(line for line in held if line.partition(":")[0] not in _names(absent)), *absent, *stays]

    def lost(self, release: Release) -> str:
        """By the digests that were recorded, and by our own tags: a digest of a registry goes with the name it was pulled by."""
        with engine() as client:
            return _lost(_by_digest(client), release)


def _names(lines: Iterable[str]) -> set[str]:
    return {line.partition(":")[0] for line in lines}


def _tag(version: str, service: str) -> str:
    return f"{image_tag(version)}{BETWEEN}{service}"[:LONGEST]


def _normal(digest: str) -> str:
    """`sha256:...` of what may be recorded as `name@sha256:...`, or without its algorithm."""
    last = digest.rpartition("@")[2]
    return f"sha256:{last}" if BARE.fullmatch(last) else last


def _kept(release: Release, service: str) -> str:
    return f"{REPOSITORY}/{block_name(release.application)}:{_tag(release.version, service)}"


def _by_digest(client: Any) -> dict[str, str]:
    """What an image may be recorded by, its own id or a registry's digest of it, and our tags -> its id."""
    found: dict[str, str] = {}
    for image in client.api.images():
        pushed = [str(name).rpartition("@")[2] for name in image.get("RepoDigests") or []]
        ours = [name for name in image.get("RepoTags") or [] if name.startswith(f"{REPOSITORY}/")]
        found |= dict.fromkeys([*pushed, *ours, image["Id"]], image["Id"])
    return found


def _lost(here: Mapping[str, str], release: Release) -> str:
    gone = sorted(
        service
        for service, digest in release.images.items()
        if _normal(digest) not in here and _kept(release, service) not in here
    )
    return f"the image of {', '.join(gone)} is not on this host any more" if gone else ""


def _take_off(client: Any, repository: str, versions: Sequence[str]) -> list[str]:
    """Remove our tags of other releases; where an image has no other name that would remove it, so that one stays and is said."""
    wanted = tuple(_tag(version, "") for version in versions)
    stays = []
    for image in client.api.images():
        names = image.get("RepoTags") or []
        ours = [name for name in names if name.rpartition(":")[0] == repository]
        old = [name for name in ours if not name.rpartition(":")[2].startswith(wanted)]
        if old and len(old) == len(names):
            stays.append(f"{old[0]} stays: the image has no other name, and would be removed with it")
            old = old[1:]
        for name in old:
            client.api.remove_image(name, noprune=True)
    return stays
