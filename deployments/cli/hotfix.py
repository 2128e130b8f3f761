"""`backout hotfix`: forward recovery, by the path of a rollback."""

from typing import Annotated

import typer

from blocks.installation import installation
from deployments.applications import document
from deployments.cli import options
from deployments.cli.following import start_and_follow
from deployments.cli.output import AppArgument, AsJson
from deployments.cli.plans import show_plan
from deployments.drift import drifts, obstacle
from deployments.people import at_host
from deployments.prefect_api import PrefectApi
from deployments.target_choice import refuse_mistyped
from domain.request import HOTFIX, Request
from tasks.study_database import planned


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(hotfix)


def hotfix(
    app: AppArgument,
    ref: Annotated[str, typer.Argument(help="The release, tag, branch or commit with the fix.")],
    reason: Annotated[str, typer.Option(help="What it mends; goes into the report.")],
    severity: options.SeverityOption = None,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    wait: options.Wait = True,
    json: AsJson = False,
) -> None:
    """Put a fixed release in the place of the bad one: forward, with the same checks, consent and report."""
    request = Request(
        application=app, runbook=HOTFIX, to=ref, reason=reason, severity=severity, by=at_host(), via="cli"
    )
    with installation() as here:
        described = document(here, app)
        refuse_mistyped(described, request)
        if dry_run:
            plan = planned(here, described, request)
            show_plan(plan, json=json, hindered=obstacle(app, drifts(here, [app])[app]))
            return
        api = PrefectApi.find(here.home)
        given = {
            "application": api.application_block(app), "target": ref, "reason": reason, "severity": severity,
            "asked_by": request.by, "via": "cli",
        }  # fmt: skip
        start_and_follow(here, api, request, given, yes=yes, wait=wait, json=json)
