"""Releases in quarantine: which, since which incident, who took others out; and taking one out."""

from collections.abc import Mapping
from typing import Any

from blocks.installation import Installation
from blocks.store import quarantine
from deployments.people import at_host
from deployments.target_choice import offer_targets_if_possible
from domain.errors import UnknownIncident, UnknownRelease
from domain.quarantine import Lift, lifting
from domain.release import Release


def held(here: Installation, application: str) -> list[dict[str, Any]]:
    """The application's releases in quarantine, newest first, each with its incident, the report and how it is lifted."""
    return [_held(here, row) for row in here.store.releases(application) if row.quarantined_by]


def _held(here: Installation, release: Release) -> dict[str, Any]:
    try:
        incident = here.store.incident(str(release.quarantined_by))
        known = {"since": incident.closed_at, "report": incident.report, "reason": incident.request.reason}
    except UnknownIncident:  # of a store that was begun anew
        known = {"since": None, "report": None, "reason": ""}
    return {
        "application": release.application,
        "release": release.version,
        "incident": release.quarantined_by,
        **known,
        "lift": lifting(release.application, release.version),
    }


def lifted(here: Installation, application: str | None) -> list[Lift]:
    """What was taken out, newest first."""
    return quarantine.lifts(here.store, application)


def recorded(here: Installation, application: str, version: str) -> Release:
    """The release as it is recorded. Raises UnknownRelease."""
    releases = here.store.releases(application)
    found = next((release for release in releases if release.version == version), None)
    if found is None:
        raise UnknownRelease(application, version, [release.version for release in releases], recorded=True)
    return found


def take_out(here: Installation, release: Release, answers: Mapping[str, bool], note: str) -> Lift | None:
    """Take it out of quarantine, on record; None where another incident put it there meanwhile, or somebody was first."""
    wanted = Lift(
        application=release.application,
        release=release.version,
        incident=str(release.quarantined_by),
        by=at_host(),
        answers=dict(answers),
        note=note,
    )
    if not quarantine.lift(here.store, wanted):
        return None
    here.local(release.application).keep_releases(here.store.releases(release.application))
    offer_targets_if_possible(here)
    return wanted
