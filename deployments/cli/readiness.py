"""`backout validate` and `start-backup`: whether an application can go back, and a standby that can take it."""

from typing import Annotated

import typer

from blocks.document import Document
from blocks.host_lock import host_lock
from blocks.installation import installation
from blocks.platforms.contract import Ready, Standing, Unproven
from deployments.applications import document
from deployments.cli.output import AppArgument, AsJson, as_json, console
from deployments.cli.plans import show_plan
from deployments.drift import drifts, obstacle
from deployments.people import at_host
from domain.errors import Conflict
from domain.plan import Decision
from domain.request import Request
from tasks.look import at_slot
from tasks.study_database import planned

GOOD = (Decision.ROLL_BACK, Decision.NOTHING_TO_DO)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(validate)
    app.command(name="start-backup")(start_backup)


def validate(
    app: AppArgument,
    to: Annotated[str | None, typer.Option(help="Another release.")] = None,
    json: AsJson = False,
) -> None:
    """Whether a rollback is possible now: looks and plans; changes nothing. Exit code 1 where it is not."""
    with installation() as here:
        plan = planned(here, document(here, app), Request(application=app, to=to, by=at_host()))
        hindered = obstacle(app, drifts(here, [app])[app])
    show_plan(plan, json=json, hindered=hindered)
    possible = plan.decision in GOOD and not hindered
    if not possible and not json:
        console.print(
            f"what is wrong, and what mends it: backout doctor {app}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    raise typer.Exit(0 if possible else 1)


def start_backup(
    app: AppArgument,
    slot: Annotated[
        str | None, typer.Argument(help="The standby slot; needed where there are several.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Start a slot that is down, and say whether it is healthy. Never touches the serving one while it runs."""
    with installation() as here:
        described = document(here, app)
        chosen = slot or _only_standby(described)
        if described.platform.route().slot == chosen and described.platform.slot(chosen).running:
            raise Conflict(on=f"slot {chosen}", expected="standby", found="serving")
        with host_lock(here.home, app):
            found = described.platform.prepare(chosen, lambda one: at_slot(described, one))
    ready = not isinstance(found, Unproven)
    said = _said(found)
    as_json({"slot": chosen, "ready": ready, "said": said}) if json else console.print(
        f"{chosen}: {said}", markup=False
    )
    raise typer.Exit(0 if ready else 1)


def _said(found: Standing | Ready | Unproven) -> str:
    if isinstance(found, Unproven):
        return found.reason
    return found.said if isinstance(found, Ready) else "healthy"


def _only_standby(described: Document) -> str:
    serving = described.platform.route().slot
    standby = [one.name for one in described.platform.slots() if one.name != serving]
    if len(standby) != 1:
        raise Conflict(on="the standby slot", expected="one", found=", ".join(standby) or "none")
    return standby[0]
