"""A Deployment's revisions as the history of its releases."""

from typing import Any

from blocks.kubernetes.revisions import Deployed
from blocks.kubernetes.site import Sight
from domain.release import Release

APPLICATION = "kubernetes/releases"
"""The platform does not know the application's name; who asks puts it there."""


def history(sight: Sight, in_place: str) -> list[Release]:
    """One release a version, newest first. The same version again only where its images differ, or it says nothing."""
    shown: dict[Any, Deployed] = {}
    for release in sight.releases:
        images = tuple(sorted(release.newest.images.items()))
        key = (release.version, images) if release.told else release.name
        if key not in shown or release.name == in_place:
            shown[key] = release
    found = sorted(shown.values(), key=lambda one: one.first, reverse=True)
    return [_record(release) for release in found]


def _record(release: Deployed) -> Release:
    return Release(
        application=APPLICATION,
        version=release.name,
        images=release.newest.images,
        recorded_at=release.created,
        served_since=release.created,
    )
