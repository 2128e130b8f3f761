"""`backout report`: show an incident's report, and fill in what only people know."""

import os
from pathlib import Path
from typing import Annotated

import typer

from blocks.installation import Installation, installation
from blocks.ledger import Hold
from deployments.answering import incident_of
from deployments.applications import document
from deployments.cli.output import AsJson, as_json, console, errors
from domain.errors import ConfigurationError
from domain.incident import TOLD_BY_PEOPLE, Incident
from domain.report.facts import Facts
from tasks.case import Case
from tasks.report import write_report


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(report)


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The incident's id, or the run's.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", help=f"FIELD=TEXT; fields: {', '.join(TOLD_BY_PEOPLE)}.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Print an incident's report; with --set fill in fields and write it again."""
    told = _told(set_ or [])
    with installation() as here:
        incident = incident_of(here, run)
        facts: Facts | None = None
        if told or incident.report is None:
            facts = _write(here, here.store.tell(incident.id, told) if told else incident)
        path = here.store.incident(incident.id).report
    if json:
        as_json({"incident": incident.id, "report": path, "open": facts.open if facts else None})
        return
    if path and Path(path).exists():
        console.print(Path(path).read_text(encoding="utf-8"), markup=False, highlight=False)
    errors.print(f"report: {path}")


def _told(pairs: list[str]) -> dict[str, str]:
    told = dict(pair.partition("=")[::2] for pair in pairs)
    wrong = next((field for field in told if field not in TOLD_BY_PEOPLE), None)
    if wrong is not None:
        raise ConfigurationError(
            file="command line", key="--set", problem=f"no field {wrong!r}", allowed=TOLD_BY_PEOPLE
        )
    return told


def _write(here: Installation, incident: Incident) -> Facts:
    hold = Hold(incident.application, incident.id, 0)
    return write_report(
        Case(here, document(here, incident.application), here.store, incident, hold, str(os.getpid())),
        incident,
    )
