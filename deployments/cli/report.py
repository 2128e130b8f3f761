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
from deployments.cli.usage import BadUsage
from domain.incident import TOLD_BY_PEOPLE, Incident
from tasks.case import Case
from tasks.report import facts_of, write_report


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
        if told:
            incident = here.store.tell(incident.id, told)
        case = _case(here, incident)
        facts = write_report(case, incident) if told or incident.report is None else facts_of(case, incident)
        path = here.store.incident(incident.id).report
    if json:
        as_json({"incident": incident.id, "outcome": incident.outcome, "report": path, "open": facts.open})
        return
    if path and Path(path).exists():
        console.print(Path(path).read_text(encoding="utf-8"), markup=False, highlight=False, soft_wrap=True)
    errors.print(f"report: {path}", highlight=False, soft_wrap=True)


def _told(pairs: list[str]) -> dict[str, str]:
    told = {}
    for pair in pairs:
        field, separator, text = pair.partition("=")
        if not separator or field not in TOLD_BY_PEOPLE:
            raise BadUsage(f"--set: {pair!r} is not FIELD=TEXT", allowed=TOLD_BY_PEOPLE)
        told[field] = text
    return told


def _case(here: Installation, incident: Incident) -> Case:
    hold = Hold(incident.application, incident.id, 0)
    return Case(here, document(here, incident.application), here.store, incident, hold, str(os.getpid()))
