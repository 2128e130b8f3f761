"""The release to go back to as a choice in the forms: what the slots hold, as far as it was recorded."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from blocks.document import Document
from blocks.installation import Installation
from blocks.store import configurations
from deployments.catalog import CATALOG
from deployments.prefect_api import PrefectApi
from domain.errors import BackoutError, PrefectUnavailable
from domain.release import Release, Slot
from domain.request import HOTFIX, LAST_GOOD, Request
from domain.target import wanted
from tasks.survey import slots_with

FIELD = "target"


def within_reach(releases: Iterable[Release]) -> list[str]:
    """The versions that can be gone back to, newest first.

    A later release in a slot has taken the place of the one before, and one in quarantine is refused.

    Args:
        releases: of one application, newest first.
    """
    found: list[str] = []
    taken: set[str] = set()
    for release in releases:
        if release.slot in taken:
            continue
        if release.slot is not None:
            taken.add(release.slot)
        if release.quarantined_by is None:
            found.append(release.version)
    return found


def refuse_mistyped(document: Document, request: Request) -> None:
    """Refuse a release that no slot holds before anything is begun; a platform that cannot be asked is the run's to tell.

    Raises:
        UnknownRelease: no slot holds it.
        UnknownPart: the platform has no such part.
    """
    for part in request.parts:
        document.of_part(part)
    platform = document.of_part(request.only).platform
    slots: Sequence[Slot] = ()
    if request.to is not None:
        with suppress(BackoutError):
            slots = slots_with(platform, request.to)
    if slots:
        wanted(request, slots)


def offer_targets(here: Installation, api: PrefectApi) -> None:
    """Give every form that asks for a release these choices: `last good`, then each application's versions.

    A tag or a commit can still be typed. A hotfix has no choices: a fix has not served yet.

    Raises:
        PrefectUnavailable: it does not answer; the forms keep the choices they have.
    """
    versions = [
        version
        for applied in configurations.all_of(here.store.database)
        for version in within_reach(here.store.releases(applied.application))
    ]
    choices = list(dict.fromkeys([LAST_GOOD, *versions]))
    for entry in CATALOG:
        if entry.name != HOTFIX:
            api.offer(entry.name, FIELD, choices)


def offer_targets_if_possible(here: Installation) -> None:
    """The same for a caller whose own work does not need Prefect."""
    with suppress(PrefectUnavailable), PrefectApi.find(here.home) as api:
        offer_targets(here, api)
