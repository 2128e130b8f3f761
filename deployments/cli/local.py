"""`backout reconcile`: what was done without the store goes into the store."""

import typer

from blocks.installation import installation
from deployments.cli.output import AsJson, as_json, console
from deployments.reconciling import reconcile_all


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(reconcile)


def reconcile(json: AsJson = False) -> None:
    """Bring what `--break-glass` did on this host into the store: incidents, journals, quarantine. Safe to repeat."""
    with installation() as here:
        moved = reconcile_all(here)
    if json:
        as_json(moved)
        return
    for incident, entries in moved.items():
        console.print(f"{incident}: {entries} entries reconciled", highlight=False)
    if not moved:
        console.print("nothing to reconcile")
