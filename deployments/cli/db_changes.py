"""`backout db restore|swap-back|migrate-down`: runs of their runbooks, with plan, consent, journal and report."""

from typing import Annotated, Any

import typer

from blocks.home import Home
from blocks.installation import installation
from deployments.applications import document, wanted
from deployments.cli import options
from deployments.cli.db_tables import show_plan
from deployments.cli.following import start_and_follow
from deployments.cli.output import AppArgument, AsJson
from deployments.cli.usage import BadUsage
from deployments.people import at_host
from deployments.prefect_api import PrefectApi
from domain.database.wish import Condition, Wish
from domain.request import Request
from domain.severity import Severity
from tasks.study_database import planned

Why = Annotated[
    Condition,
    typer.Option("--why", help="A backup is put in the place of live data only for one of these."),
]


def add_to(group: typer.Typer) -> None:
    """Register the commands."""
    group.command()(restore)
    group.command("swap-back")(swap_back)
    group.command("migrate-down")(migrate_down)


def restore(
    app: AppArgument,
    why: Why,
    backup: Annotated[
        str | None, typer.Argument(metavar="BACKUP", help="Default: the newest verified one.")
    ] = None,
    reason: options.Reason = "",
    severity: options.SeverityOption = None,
    accept_data_loss: options.AcceptDataLoss = None,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    wait: options.Wait = True,
    json: AsJson = False,
) -> None:
    """Restore a backup beside the live database, verify it, swap by rename; the live one is kept."""
    wish = Wish(condition=why, backup=backup, accept_data_loss=accept_data_loss)
    form = {"why": why, "backup": backup, "accept_data_loss": accept_data_loss}
    request = _request(app, "restore-database", reason, severity, wish)
    _start(request, form, dry_run=dry_run, yes=yes, wait=wait, json=json)


def swap_back(
    app: AppArgument,
    kept: Annotated[
        str | None, typer.Argument(metavar="KEPT", help="Default: what the last swap kept.")
    ] = None,
    reason: options.Reason = "",
    severity: options.SeverityOption = None,
    accept_data_loss: options.AcceptDataLoss = None,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    wait: options.Wait = True,
    json: AsJson = False,
) -> None:
    """Give the database that the last swap kept its name again."""
    request = _request(app, "swap-back", reason, severity, Wish(kept=kept, accept_data_loss=accept_data_loss))
    form = {"kept": kept, "accept_data_loss": accept_data_loss}
    _start(request, form, dry_run=dry_run, yes=yes, wait=wait, json=json)


def migrate_down(
    app: AppArgument,
    version: Annotated[str, typer.Argument(help="The newest migration that stays applied.")],
    reason: options.Reason = "",
    severity: options.SeverityOption = None,
    accept_data_loss: options.AcceptDataLoss = None,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    wait: options.Wait = True,
    json: AsJson = False,
) -> None:
    """Rehearse the down steps on a clone, then run them; the code stays where it is."""
    wish = Wish(schema_version=version, accept_data_loss=accept_data_loss)
    form = {"version": version, "accept_data_loss": accept_data_loss}
    request = _request(app, "migrate-down", reason, severity, wish)
    _start(request, form, dry_run=dry_run, yes=yes, wait=wait, json=json)


def _request(app: str, runbook: str, reason: str, severity: Severity | None, wish: Wish) -> Request:
    if not reason.strip():
        raise BadUsage("--reason is needed: it goes into the report")
    return Request(
        application=app,
        runbook=runbook,
        reason=reason,
        severity=severity,
        database=wish,
        by=at_host(),
        via="cli",
    )


def _start(
    request: Request, form: dict[str, Any], *, dry_run: bool, yes: bool, wait: bool, json: bool
) -> None:
    home = Home.from_env().ensure()
    with installation(home) as here:
        wanted(here, request.application)
        if dry_run:
            show_plan(planned(here, document(here, request.application), request), json=json)
            return
        api = PrefectApi.find(home)
        parameters = {
            "application": api.application_block(request.application), "reason": request.reason,
            "severity": request.severity, "asked_by": request.by, "via": request.via, **form,
        }  # fmt: skip
        start_and_follow(here, api, request, parameters, yes=yes, wait=wait, json=json)
