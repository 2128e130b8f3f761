"""`backout rollback`: start a runbook, follow it to its outcome."""

import os
from contextlib import suppress
from typing import Any

import typer

from blocks.home import Home
from blocks.installation import Installation, installation
from deployments import break_glass
from deployments.applications import document, wanted
from deployments.cli import options
from deployments.cli.db_tables import show_plan
from deployments.cli.following import start_and_follow
from deployments.cli.options import Runbook
from deployments.cli.output import AppArgument, AsJson, errors
from deployments.cli.usage import BadUsage
from deployments.drift import drifts, obstacle
from deployments.people import at_host
from deployments.prefect_api import PrefectApi
from deployments.target_choice import refuse_mistyped
from domain.database.wish import Condition, Wish
from domain.errors import ConfigurationError
from domain.names import application_name
from domain.request import Kind, Request
from domain.severity import Severity
from tasks.study_database import planned

SCENARIO_FIELDS = ("severity", "impact", "users", "downtime")
FORCE_FIELDS = ("force", "even_unhealthy")
DATABASE_FIELDS = ("backup", "accept_data_loss")
ASKED = {
    Runbook.rollback: ("only", *SCENARIO_FIELDS, *FORCE_FIELDS),
    Runbook.failed: SCENARIO_FIELDS,
    Runbook.issue: SCENARIO_FIELDS,
    Runbook.slow: SCENARIO_FIELDS,
    Runbook.third_party: ("flag", *SCENARIO_FIELDS),
    Runbook.api: SCENARIO_FIELDS,
    Runbook.outage: SCENARIO_FIELDS,
    Runbook.security: SCENARIO_FIELDS,
    Runbook.standard: (*SCENARIO_FIELDS, "accept_data_loss"),
    Runbook.schema: ("severity", *DATABASE_FIELDS),
    Runbook.data: ("severity", *DATABASE_FIELDS),
    Runbook.emergency: (),
    Runbook.restart: SCENARIO_FIELDS,
}
"""What each runbook's form asks beside the application, the target and the reason."""


WITHOUT_TARGET = (Runbook.data, Runbook.restart)
"""The runbooks that change no release."""


OF_DATABASE = (Runbook.standard, Runbook.schema, Runbook.data)
"""The runbooks that study the database, and may change it."""


ISSUES: dict[Runbook, str] = {
    **{runbook: runbook.value for runbook in (Runbook.failed, Runbook.issue, Runbook.slow)},
    **{
        runbook: runbook.value
        for runbook in (Runbook.third_party, Runbook.api, Runbook.outage, Runbook.security)
    },
    Runbook.standard: "post-deploy-issue",
    Runbook.emergency: "service-outage",
    Runbook.schema: "migration-failure",
    Runbook.data: "data-corruption",
}
"""The row of the decision matrix that each of these is."""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(rollback)


def rollback(
    app: AppArgument,
    to: options.To = None,
    only: options.Only = None,
    flag: options.Flag = None,
    reason: options.Reason = "",
    severity: options.SeverityOption = None,
    runbook: options.RunbookOption = Runbook.rollback,
    impact: options.Impact = "",
    users: options.Users = None,
    downtime: options.Downtime = "",
    backup: options.BackupOption = None,
    accept_data_loss: options.AcceptDataLoss = None,
    dry_run: options.DryRun = False,
    force: options.Force = False,
    even_unhealthy: options.EvenUnhealthy = False,
    yes: options.Yes = False,
    wait: options.Wait = True,
    with_break_glass: options.BreakGlass = False,
    file: options.FileOption = None,
    json: AsJson = False,
) -> None:
    """Take an application back to its last good release."""
    force, emergency, home = _forced(force), runbook is Runbook.emergency, Home.from_env().ensure()
    request = Request(
        application=_name(app), to=to, only=only, flag=flag, reason=reason, severity=Severity.CRITICAL if emergency else severity,
        impact=impact, users=users, downtime=downtime, force=force or with_break_glass, even_unhealthy=even_unhealthy,
        runbook=runbook, kind=Kind.EMERGENCY if emergency else Kind.ROLLBACK,
        issue=ISSUES.get(runbook), by=at_host(), via="cli", database=_wish(runbook, backup, accept_data_loss),
    )  # fmt: skip
    _check(request)
    if with_break_glass:
        _refuse_what_it_cannot(runbook)
        break_glass.run(home, request, file, dry_run=dry_run, json=json)
        return
    _refuse_forgotten(runbook, severity=severity, force=force and not emergency, request=request)
    with installation(home) as here:
        if dry_run:
            _show(here, request, json=json)
            return
        _start(here, request, yes=yes, wait=wait, json=json)


def _forced(force: bool) -> bool:
    """`FORCE_ROLLBACK=true`, as in FlappyJournal's runbook, is said aloud: it may be left over in the environment."""
    if os.environ.get("FORCE_ROLLBACK", "").lower() in ("1", "true", "yes"):
        errors.print("FORCE_ROLLBACK is set in the environment: nobody will be asked", style="bold yellow")
        return True
    return force


def _name(app: str) -> str:
    try:
        return application_name(app)
    except ValueError as error:
        raise BadUsage(f"APP: {error}") from None


def _check(request: Request) -> None:
    if request.force and not request.reason.strip():
        raise BadUsage("--reason is needed with --force and --break-glass")
    if request.even_unhealthy and not request.force:
        raise BadUsage("--even-unhealthy is for --force only")


def _refuse_what_it_cannot(runbook: Runbook) -> None:
    """A rollback of the code alone would silently do half of what was asked: the database's study needs the store."""
    if runbook in OF_DATABASE:
        by_hand = "docs/when-backout-fails.md, The database by hand"
        raise BadUsage(f"--break-glass leaves the database alone: {runbook} needs the store", step=by_hand)
    if runbook is Runbook.third_party:
        one_by_one = (
            "`--only flag:NAME --break-glass` turns the feature off; without --only the release goes back"
        )
        raise BadUsage(f"--break-glass does one thing at a time, and {runbook} is two", step=one_by_one)


def _start(here: Installation, request: Request, *, yes: bool, wait: bool, json: bool) -> None:
    wanted(here, request.application)
    _refuse_mistyped(here, request)
    api = PrefectApi.find(here.home)
    start_and_follow(here, api, request, _parameters(api, request), yes=yes, wait=wait, json=json)


def _refuse_forgotten(runbook: Runbook, *, severity: Severity | None, force: bool, request: Request) -> None:
    """Refuse options that the chosen runbook has no use for: it would silently forget them."""
    release = request.to if runbook in WITHOUT_TARGET else None
    given = {**_of_database(request), "to": release, "severity": severity, "impact": request.impact, "users": request.users, "downtime": request.downtime, "only": request.only, "flag": request.flag,
             "force": force, "even_unhealthy": request.even_unhealthy}  # fmt: skip
    forgotten = [
        name for name, value in given.items() if value not in (None, "", False) and name not in ASKED[runbook]
    ]
    if forgotten:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in forgotten)
        raise BadUsage(f"{options}: runbook {runbook} has no use for it")


def _show(here: Installation, request: Request, *, json: bool) -> None:
    """The plan. Exit code 1 where every run would refuse to carry it out."""
    app = request.application
    plan = planned(here, document(here, app), request)
    hindered = obstacle(app, drifts(here, [app])[app])
    show_plan(plan, json=json, hindered=hindered)
    if hindered:
        raise typer.Exit(1)


def _refuse_mistyped(here: Installation, request: Request) -> None:
    """Before anything is started. Where this shell lacks a secret it cannot look, and the run does. Raises UnknownRelease, UnknownPart."""
    if (request.to, request.only, request.flag) == (None, None, None):
        return
    described = None
    with suppress(ConfigurationError):
        described = document(here, request.application)
    if described is not None:
        refuse_mistyped(described, request)


def _parameters(api: PrefectApi, request: Request) -> dict[str, Any]:
    """The runbook's form, filled in."""
    known = {**request.model_dump(mode="json"), **_of_database(request)}
    given = {name: known[name] for name in ASKED[Runbook(request.runbook)]}
    if request.runbook not in WITHOUT_TARGET:
        given["target"] = request.to or "last good"
    return {
        "application": api.application_block(request.application),
        "reason": request.reason, "asked_by": request.by, "via": request.via, **given,
    }  # fmt: skip


def _wish(runbook: Runbook, backup: str | None, accept_data_loss: int | None) -> Wish | None:
    """What is asked of the database; None for the runbooks that leave it alone."""
    if runbook not in OF_DATABASE and backup is None and accept_data_loss is None:
        return None
    condition = Condition.SERVICE_FAILURE if runbook is Runbook.schema else None
    return Wish(condition=condition, backup=backup, accept_data_loss=accept_data_loss)


def _of_database(request: Request) -> dict[str, Any]:
    return {"backup": request.wish.backup, "accept_data_loss": request.wish.accept_data_loss}
