"""`backout record`: a CI that already deploys says what it deployed."""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from blocks.document import Document
from blocks.installation import Installation, installation
from deployments.applications import document
from deployments.cli.output import AppArgument, AsJson, as_json, console
from deployments.cli.usage import BadUsage
from deployments.people import at_host
from deployments.target_choice import offer_targets_if_possible
from domain.errors import BackoutError
from domain.names import version_name
from domain.quarantine import lifting
from domain.release import Release, Slot
from tasks.database import keep_schema
from tasks.recorded import made_of


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
    lift: Annotated[bool, typer.Option("--lift", hidden=True)] = False,
    configuration: Annotated[
        Path | None, typer.Option(help="The configuration it runs with; its hash is kept.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Keep a release: what can be gone back to later. Notes that it serves where it does."""
    if lift:
        step = f"`{lifting(app, version)}` asks what has to be true before it is deployed again"
        raise BadUsage("--lift is no longer an option of record", step=step)
    with installation() as here:
        described = document(here, app)
        if slot is not None:
            _check_slot(described, slot, version)
        release = Release(
            application=app, version=_version(version), slot=slot, commit=commit, images=_images(image or []),
            schema_version=schema or _schema(here, described, version),
            configuration_hash=_hash(configuration), recorded_by=at_host(),
        )  # fmt: skip
        release = _made_of(described, release)
        in_place = _keep(here, described, release)
        kept = described.platform.keep(version) if in_place else []
    serves = in_place is not None and in_place.running
    said = "\n".join(
        [f"recorded {app} {version}{' (serving)' if serves else ''}", *(f"kept {one}" for one in kept)]
    )
    result = {**release.model_dump(mode="json"), "serving": serves, "kept": kept}
    as_json(result) if json else console.print(said, markup=False, highlight=False, soft_wrap=True)


def _made_of(document: Document, release: Release) -> Release:
    """With what the platform knows of it, where a slot holds it and it was not said."""
    try:
        holder = next((slot for slot in document.platform.slots() if slot.version == release.version), None)
        seen = made_of(release, document.platform, holder.name) if holder else release
    except BackoutError:
        return release
    said = {"images", "commit", "configuration_hash"}
    return seen.model_copy(update={name: value for name in said if (value := getattr(release, name))})


def _keep(here: Installation, described: Document, release: Release) -> Slot | None:
    """Keep the release, here and in the forms; the slot that has the traffic, where it holds the release.

    One that has the traffic and does not run, a crash loop's, has not served.
    """
    app, platform = release.application, described.platform
    here.store.record(release)
    serving = platform.slot(found) if (found := platform.route().slot) else None
    in_place = serving if serving and serving.version == release.version else None
    if in_place and in_place.running:
        here.store.served(app, release.version, datetime.now(UTC))
    here.local(app).keep_releases(here.store.releases(app))
    offer_targets_if_possible(here)
    return in_place


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
