"""`backout deploy` and `backout promote`: forward, with a canary, and with the way back in the plan."""

from typing import Annotated, Any

import typer

from blocks.installation import Installation, installation
from deployments.applications import document, wanted
from deployments.cli import options
from deployments.cli.following import start_and_follow
from deployments.cli.output import AppArgument, AsJson
from deployments.cli.plans import show_plan
from deployments.cli.usage import BadUsage
from deployments.drift import drifts, obstacle
from deployments.people import at_host
from deployments.prefect_api import PrefectApi
from domain.names import version_name
from domain.request import DEPLOY, PROMOTE, Kind, Request
from domain.severity import Severity
from tasks.study_database import planned
from tasks.validate import served_release

STAGING = "staging"

Why = Annotated[str, typer.Option("--reason", help="What it brings; goes into the record and the report.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(deploy)
    app.command()(promote)


def deploy(
    app: AppArgument,
    release: Annotated[str, typer.Argument(help="The version to deploy.")],
    staging_only: Annotated[
        bool, typer.Option("--staging-only", help="To the staging environment of APP, and no further.")
    ] = False,
    reason: Why = "",
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    wait: options.Wait = True,
    json: AsJson = False,
) -> None:
    """Deploy a release to the idle slot and shift traffic to it by steps; a bad one goes back by itself."""
    try:
        version_name(release)
    except ValueError as error:
        raise BadUsage(f"RELEASE: {error}") from None
    request = _request(_staging_of(app) if staging_only else app, DEPLOY, release, reason)
    with installation() as here:
        if dry_run:
            _show(here, request, json=json)
            return
        wanted(here, request.application)
        api = PrefectApi.find(here.home)
        given = {"release": release, **_given(api, request)}
        start_and_follow(here, api, request, given, yes=yes, wait=wait, json=json)


def promote(
    app: AppArgument,
    staging: Annotated[
        str | None,
        typer.Option("--from", help="Where it was tried. Default: the staging environment of APP."),
    ] = None,
    reason: Why = "",
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    wait: options.Wait = True,
    json: AsJson = False,
) -> None:
    """Deploy to APP what staging serves, where its validation passed; else production is left untouched."""
    source = staging or _staging_of(app)
    if source == app:
        raise BadUsage(f"{app} cannot be promoted to itself: name production, or another --from")
    with installation() as here:
        if dry_run:
            _show(here, _request(app, PROMOTE, served_release(document(here, source)), reason), json=json)
            return
        for name in (app, source):
            wanted(here, name)
        api = PrefectApi.find(here.home)
        request = _request(app, PROMOTE, None, reason)
        given = {"staging": api.application_block(source), **_given(api, request)}
        start_and_follow(here, api, request, given, yes=yes, wait=wait, json=json)


def _request(app: str, runbook: str, release: str | None, reason: str) -> Request:
    return Request(
        application=app, runbook=runbook, kind=Kind.DEPLOY, to=release, severity=Severity.LOW, reason=reason,
        by=at_host(), via="cli",
    )  # fmt: skip


def _given(api: PrefectApi, request: Request) -> dict[str, Any]:
    """The part of the form that both have."""
    return {
        "application": api.application_block(request.application), "reason": request.reason,
        "asked_by": request.by, "via": request.via,
    }  # fmt: skip


def _staging_of(app: str) -> str:
    """`shop/staging` for `shop/production`."""
    return f"{app.partition('/')[0]}/{STAGING}"


def _show(here: Installation, request: Request, *, json: bool) -> None:
    """The plan. Exit code 1 where every run would refuse to carry it out."""
    app = request.application
    plan = planned(here, document(here, app), request)
    hindered = obstacle(app, drifts(here, [app])[app])
    show_plan(plan, json=json, hindered=hindered)
    if hindered:
        raise typer.Exit(1)
