"""`backout audit export`: every entry of every incident's journal, for those who keep records elsewhere."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from blocks.files import replace_file
from blocks.installation import Installation, installation
from deployments.cli.output import AsJson, as_json, errors
from deployments.cli.since import Since, since_when
from deployments.cli.usage import BadUsage
from domain.report.export import Format, Recorded, lines
from domain.report.export import export as exported


def export(
    app: Annotated[str | None, typer.Option(help="One application.")] = None,
    since: Since = None,
    form: Annotated[Format, typer.Option("--format", help="What to write.")] = "jsonl",
    output: Annotated[
        Path | None, typer.Option(help="A file that is written or replaced; else standard output.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Every entry with its seal: it can be checked elsewhere, and shows what was there before a later change."""
    with installation() as here:
        found = _recorded(here, app, since_when(since))
    if output is None:
        as_json(list(lines(found))) if json else sys.stdout.write(exported(found, form))
        return
    _write(output, exported(found, form))
    entries = sum(len(record.entries) for record in found)
    if json:
        as_json({"file": str(output), "format": form, "incidents": len(found), "entries": entries})
    else:
        errors.print(f"{output}: {entries} entries of {len(found)} incidents", markup=False, highlight=False)


def _recorded(here: Installation, app: str | None, since: datetime | None) -> list[Recorded]:
    """Oldest first."""
    return [
        Recorded(
            incident=incident,
            entries=here.store.entries(incident.id),
            damage=here.store.problems(incident.id),
        )
        for incident in reversed(here.store.incidents(app, since))
    ]


def _write(output: Path, text: str) -> None:
    """Closed to others where it is new: reasons and names are nobody else's."""
    try:
        replace_file(output, text.encode())
    except OSError as error:
        raise BadUsage(f"--output: {output} cannot be written: {error.strerror}") from None
