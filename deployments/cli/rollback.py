"""`backout rollback`: start a runbook, follow it to its outcome."""

import os
from enum import StrEnum
from typing import Annotated, Any

import typer

from blocks.home import Home
from blocks.installation import Installation, installation
from deployments import answering, break_glass
from deployments.applications import document, names
from deployments.cli.output import AppArgument, AsJson, as_json, console, errors
from deployments.cli.plans import plan_of, show_plan
from deployments.follow import Followed, follow
from deployments.people import at_host, person
from deployments.prefect_api import PrefectApi
from domain.consent import Answer
from domain.errors import ConfigurationError
from domain.outcomes import ENDS
from domain.request import Request
from domain.severity import Severity

Runbook = StrEnum("Runbook", {"rollback": "rollback", "issue": "post-deploy-issue", "slow": "performance-degradation",
                              "emergency": "emergency"})  # fmt: skip
CRITICAL_FIELDS = ("application", "target", "reason", "asked_by", "via")
SCENARIO_FIELDS = (*CRITICAL_FIELDS, "severity", "impact", "users", "downtime")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(rollback)


def rollback(
    app: AppArgument,
    to: Annotated[
        str | None,
        typer.Option(help="Release to go back to. Default: the newest healthy one that has served."),
    ] = None,
    reason: Annotated[
        str, typer.Option(envvar="ROLLBACK_REASON", help="What is wrong; goes into the report.")
    ] = "",
    severity: Annotated[
        Severity | None, typer.Option(help="Default: the policy's, by the kind of issue.")
    ] = None,
    runbook: Annotated[
        Runbook, typer.Option(help="Which path: emergency asks nobody and switches at once.")
    ] = Runbook.rollback,
    impact: Annotated[str, typer.Option(help="What users notice.")] = "",
    users: Annotated[int | None, typer.Option(help="How many users are affected.", min=0)] = None,
    downtime: Annotated[str, typer.Option(help="Expected downtime, for the announcement.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; change nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Ask nobody. Needs a reason; never skips the target's health.")
    ] = False,
    even_unhealthy: Annotated[
        bool, typer.Option("--even-unhealthy", help="With --force: also to an unhealthy release.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Answer the request for consent with yes, as yourself.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run to its end.")] = True,
    with_break_glass: Annotated[
        bool, typer.Option("--break-glass", help="Without Prefect and store: the same acts, from here.")
    ] = False,
    file: Annotated[str | None, typer.Option(help="With --break-glass: the backout.yaml to read.")] = None,
    json: AsJson = False,
) -> None:
    """Take an application back to its last good release."""
    force = _forced(force)
    home = Home.from_env().ensure()
    request = Request(
        application=_name(app), to=to, reason=reason, severity=severity, impact=impact, users=users, downtime=downtime,
        force=force or with_break_glass, even_unhealthy=even_unhealthy, runbook=runbook, by=at_host(), via="cli",
    )  # fmt: skip
    _check(request)
    if with_break_glass:
        break_glass.run(home, request, file, dry_run=dry_run, json=json)
        return
    with installation(home) as here:
        if dry_run:
            show_plan(plan_of(here, document(here, app), request), json=json)
            return
        _known(here, app)
        _served(here, request, yes=yes, wait=wait, json=json)


def _forced(force: bool) -> bool:
    """`FORCE_ROLLBACK=true`, as in FlappyJournal's runbook, is said aloud: it may be left over in the environment."""
    if os.environ.get("FORCE_ROLLBACK", "").lower() in ("1", "true", "yes"):
        errors.print("FORCE_ROLLBACK is set in the environment: nobody will be asked", style="bold yellow")
        return True
    return force


def _name(app: str) -> str:
    from domain.names import application_name

    try:
        return application_name(app)
    except ValueError as error:
        raise ConfigurationError(file="command line", key="APP", problem=str(error)) from None


def _check(request: Request) -> None:
    if request.force and not request.reason.strip():
        raise ConfigurationError(
            file="command line", key="--reason", problem="is needed with --force and --break-glass"
        )
    if request.even_unhealthy and not request.force:
        raise ConfigurationError(file="command line", key="--even-unhealthy", problem="is for --force only")


def _known(here: Installation, app: str) -> None:
    from domain.errors import UnknownApplication

    known = names(here)
    if app not in known:
        raise UnknownApplication(application=app, known=known)


def _parameters(api: PrefectApi, request: Request) -> dict[str, Any]:
    """The runbook's form, filled in."""
    given = {
        "application": api.application_block(request.application), "target": request.to or "last good",
        "reason": request.reason, "severity": request.severity, "impact": request.impact, "users": request.users,
        "downtime": request.downtime, "force": request.force, "even_unhealthy": request.even_unhealthy,
        "asked_by": request.by, "via": request.via,
    }  # fmt: skip
    kept = {"emergency": CRITICAL_FIELDS, "rollback": tuple(given)}.get(request.runbook, SCENARIO_FIELDS)
    return {name: given[name] for name in kept}


def _served(here: Installation, request: Request, *, yes: bool, wait: bool, json: bool) -> None:
    api = PrefectApi.find(here.home)
    run = api.start(request.runbook, _parameters(api, request), tags=[request.application])
    if not wait:
        as_json({"run": run}) if json else console.print(f"started: run {run}")
        return
    try:
        _to_the_end(here, api, run, yes=yes, json=json)
    except KeyboardInterrupt:
        errors.print(f"\ndetached; the run goes on: backout status {request.application}")


def _to_the_end(here: Installation, api: PrefectApi, run: str, *, yes: bool, json: bool) -> None:
    seen = follow(api, here.store, run, console if not json else errors)
    while (
        seen.state is not None and seen.state.type == "PAUSED" and seen.incident and not seen.incident.outcome
    ):
        if not _answer(here, api, seen, yes=yes, json=json):
            return
        seen = follow(api, here.store, run, console if not json else errors)
    _conclude(run, seen, json=json)


def _answer(here: Installation, api: PrefectApi, seen: Followed, *, yes: bool, json: bool) -> bool:
    """Answer as this person: with --yes, or at the prompt; False where the run is left waiting for others."""
    incident = seen.incident
    if incident is None or incident.plan is None:
        return False
    if not json:
        show_plan(incident.plan, json=False)
    if not yes and not (console.is_terminal and typer.confirm(f"Roll back {incident.application}?")):
        waiting = {
            "incident": incident.id,
            "waits_for": "consent",
            "approve": f"backout approve {incident.id}",
        }
        as_json(waiting) if json else console.print(f"waits for consent: backout approve {incident.id}")
        raise typer.Exit(1)
    answering.give(here, incident.id, Answer.APPROVE, person(), "confirmed at the prompt", "cli")
    return answering.wake(here, api, incident.id, Answer.APPROVE, person())


def _conclude(run: str, seen: Followed, *, json: bool) -> None:
    """Say how it ended, and end with the outcome's exit code."""
    outcome = seen.incident.outcome if seen.incident else None
    if outcome is None or seen.incident is None:
        state = seen.state
        message = state.message if state else "the run did not start"
        as_json({"run": run, "error": message}) if json else errors.print(
            message, style="bold red", markup=False
        )
        raise typer.Exit(1)
    end = ENDS[outcome]
    if json:
        as_json(
            {"run": run, "incident": seen.incident.id, "outcome": outcome, "report": seen.incident.report}
        )
    else:
        console.print(f"[bold]{outcome}[/bold]: {end.words}")
        console.print(f"next: {end.next_step}\nreport: {seen.incident.report}", highlight=False)
    raise typer.Exit(end.exit_code)
