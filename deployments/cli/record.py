"""`backout record`: a CI that already deploys says what it deployed."""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from blocks.document import Document
from blocks.installation import Installation, installation
from deployments.applications import document
from deployments.cli.output import AppArgument, AsJson, as_json, console
from deployments.cli.usage import BadUsage
from deployments.people import at_host
from deployments.target_choice import offer_targets_if_possible
from domain.errors import BackoutError, UnknownRelease
from domain.names import version_name
from domain.release import Release
from tasks.database import keep_schema


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(record)


def record(
    app: AppArgument,
    version: Annotated[str, typer.Argument(help="The release's version.")],
    slot: Annotated[str | None, typer.Option(help="Where it was deployed to.")] = None,
    commit: Annotated[str | None, typer.Option(help="Its git commit.")] = None,
    image: Annotated[list[str] | None, typer.Option(help="SERVICE=DIGEST; once a service.")] = None,
    schema: Annotated[
        str | None,
        typer.Option(help="The schema version it needs. Default: what was recorded, or the database's now."),
    ] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Take the release out of quarantine.")] = False,
    configuration: Annotated[
        Path | None, typer.Option(help="The configuration it runs with; its hash is kept.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Keep a release: what can be gone back to later. Notes that it serves where it does."""
    only_lift = lift and not any((slot, commit, image, schema, configuration))
    with installation() as here:
        described = document(here, app)
        if slot is not None:
            _check_slot(described, slot, version)
        lifted = _lift(here, app, version) if lift else ""
        if only_lift:
            _say(lifted, {"version": version, "lifted": lifted}, json=json)
            return
        release = Release(
            application=app, version=_version(version), slot=slot, commit=commit, images=_images(image or []),
            schema_version=schema or _schema(here, described, version),
            configuration_hash=_hash(configuration), recorded_by=at_host(),
        )  # fmt: skip
        serves = _keep(here, described, release)
    said = f"recorded {app} {version}{' (serving)' if serves else ''}"
    result = {**release.model_dump(mode="json"), "serving": serves, "lifted": lifted}
    _say(f"{lifted}\n{said}" if lifted else said, result, json=json)


def _say(said: str, result: dict[str, Any], *, json: bool) -> None:
    as_json(result) if json else console.print(said, markup=False, highlight=False, soft_wrap=True)


def _keep(here: Installation, described: Document, release: Release) -> bool:
    """Keep the release, here and in the forms; whether it serves now."""
    app, platform = release.application, described.platform
    here.store.record(release)
    serving = platform.slot(found) if (found := platform.route().slot) else None
    serves = serving is not None and serving.version == release.version
    if serves:
        here.store.served(app, release.version, datetime.now(UTC))
    here.local(app).keep_releases(here.store.releases(app))
    offer_targets_if_possible(here)
    return serves


def _schema(here: Installation, described: Document, version: str) -> str | None:
    """The database's version now, unless an older release is recorded again; its schema is kept, to go down to later."""
    if described.database is None:
        return None
    now = described.database.schema_version()
    with suppress(BackoutError):  # a record must not fail because a role may not read the catalog
        keep_schema(here, described, now)
    releases = here.store.releases(described.name)
    known = next((row.schema_version for row in releases[1:] if row.version == version), None)
    return known or now


def _check_slot(described: Document, slot: str, version: str) -> None:
    """A record that is not so would offer a release that no slot holds. Raises UnknownSlot, BadUsage."""
    found = described.platform.slot(slot).version
    if found not in (None, version):
        step = f"deploy {version} to {slot} first, or record it without --slot"
        raise BadUsage(f"slot {slot} holds {found}, not {version}", step=step)


def _lift(here: Installation, app: str, version: str) -> str:
    """Take it out of quarantine; what was done, in words. Raises UnknownRelease."""
    releases = here.store.releases(app)
    found = next((release for release in releases if release.version == version), None)
    if found is None:
        raise UnknownRelease(app, version, [release.version for release in releases], recorded=True)
    here.store.quarantine(app, version, None)
    here.local(app).keep_releases(here.store.releases(app))
    offer_targets_if_possible(here)
    if found.quarantined_by is None:
        return f"{app} {version} was not in quarantine"
    return f"{app} {version}: lifted out of quarantine (since {found.quarantined_by})"


def _version(version: str) -> str:
    try:
        return version_name(version)
    except ValueError as error:
        raise BadUsage(f"VERSION: {error}") from None


def _images(pairs: list[str]) -> dict[str, str]:
    wrong = next((pair for pair in pairs if "=" not in pair), None)
    if wrong is not None:
        raise BadUsage(f"--image: {wrong!r} is not SERVICE=DIGEST")
    return dict(pair.split("=", 1) for pair in pairs)


def _hash(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise BadUsage(f"--configuration: {file}: {error.strerror or 'cannot be read'}") from None
