"""`backout releases`: what is recorded of each release, and the evidence there is that it is good."""

from typing import Annotated, Any

import typer

from blocks.installation import installation
from deployments.applications import wanted
from deployments.cli.ages import age
from deployments.cli.output import AsJson, as_json, console, table
from domain.good import evidence
from domain.release import Release

SHORT = 12
"""Letters of a commit or a digest that tell it apart."""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(releases)


def releases(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="One application; all of them without it.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Recorded releases, newest first: digests, commit, schema, who and why, and whether they served well."""
    with installation() as here:
        found = {name: here.store.releases(name) for name in wanted(here, app)}
    if json:
        as_json([_row(release) for rows in found.values() for release in rows])
        return
    for name, rows in found.items():
        _show(name, rows)
    if not any(found.values()):
        console.print("no release is recorded yet: backout deploy, or backout record APP VERSION")


def _row(release: Release) -> dict[str, Any]:
    return {**release.model_dump(mode="json"), "evidence": _evidence(release)}


def _evidence(release: Release) -> str:
    return evidence(release) if release.served_since else "never served"


def _show(application: str, rows: list[Release]) -> None:
    shown = table(application, "release", "slot", "recorded", "made of", "schema", "evidence")
    for row in rows:
        state = f"in quarantine since {row.quarantined_by}" if row.quarantined_by else _evidence(row)
        by = "".join(f", {said}" for said in (row.recorded_by, row.why) if said)
        recorded = f"{age(row.recorded_at)} ago{by}"
        shown.add_row(row.version, row.slot or "-", recorded, _made_of(row), row.schema_version or "-", state)
    if rows:
        console.print(shown, markup=False, highlight=False)


def _made_of(release: Release) -> str:
    commit = [f"commit {release.commit[:SHORT]}"] if release.commit else []
    images = [f"{name} {digest.removeprefix('sha256:')[:SHORT]}" for name, digest in release.images.items()]
    return ", ".join([*commit, *images]) or "-"
