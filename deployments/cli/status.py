"""`backout status`, `validate` and `start-backup`: where an application stands, and whether it can go back."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from blocks.document import Document
from blocks.host_lock import host_lock
from blocks.installation import Installation, installation
from blocks.platforms.contract import Standing
from deployments.applications import document, names
from deployments.cli.output import AppArgument, AsJson, as_json, console, table
from deployments.cli.plans import plan_of, show_plan
from deployments.people import at_host
from domain.errors import BackoutError, Conflict
from domain.findings import Finding, summary
from domain.plan import Decision
from domain.release import Release, Survey
from domain.request import Request
from tasks.look import at_slot
from tasks.survey import look_around

LAST_INCIDENTS = 3
AGES = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)
GOOD = (Decision.ROLL_BACK, Decision.NOTHING_TO_DO)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(status)
    app.command()(validate)
    app.command(name="start-backup")(start_backup)


def status(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="One application; all of them without it.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Slots, releases with their ages, who serves, health, the last incidents."""
    with installation() as here:
        found = [_status(here, name) for name in ([app] if app else names(here))]
    if json:
        as_json(found if app is None else found[0])
        return
    for one in found:
        _show(one)
    if not found:
        console.print("no application is applied yet: backout apply backout.yaml")


def _status(here: Installation, app: str) -> dict[str, Any]:
    described = document(here, app)
    incidents = here.store.incidents(app)[:LAST_INCIDENTS]
    holder = here.store.holder(app)
    try:
        seen: Survey | None = look_around(described)
        problem = ""
    except BackoutError as error:
        seen, problem = None, error.what()
    return {
        "application": app,
        "serving": seen.serving if seen else None,
        "problem": problem,
        "slots": _slots(seen, here.store.releases(app)) if seen else [],
        "users": summary(seen.through_router) if seen else "not known",
        "schema": seen.schema_version if seen else None,
        "held_by": holder.incident if holder and holder.alive else None,
        "incidents": [
            {"id": one.id, "outcome": one.outcome, "opened_at": one.opened_at} for one in incidents
        ],
    }


def _slots(seen: Survey, releases: list[Release]) -> list[dict[str, Any]]:
    known = {release.version: release for release in releases}
    return [
        {
            "slot": slot.name,
            "version": slot.version,
            "serving": slot.name == seen.serving,
            "running": slot.running,
            "since": slot.since,
            "restarts": slot.restarts,
            "health": _health(seen.findings.get(slot.name, []), running=slot.running),
            "recorded_at": known[slot.version].recorded_at if slot.version in known else None,
            "served_since": known[slot.version].served_since if slot.version in known else None,
            "quarantined_by": known[slot.version].quarantined_by if slot.version in known else None,
        }
        for slot in seen.slots
    ]


def _health(findings: list[Finding], *, running: bool) -> str:
    return summary(findings) if findings else ("not known" if running else "stopped")


def _show(one: dict[str, Any]) -> None:
    rows = table(f"[bold]{one['application']}[/bold]", "", "slot", "release", "age", "health", "")
    for slot in one["slots"]:
        mark = "[green]●[/green]" if slot["serving"] else "○"
        note = f"[red]quarantined by {slot['quarantined_by']}[/red]" if slot["quarantined_by"] else ""
        rows.add_row(
            mark,
            slot["slot"],
            slot["version"] or "-",
            _age(slot["recorded_at"] or slot["since"]),
            slot["health"],
            note,
        )
    console.print(rows)
    console.print(f"users: {one['users']}   schema: {one['schema'] or 'none'}", highlight=False)
    if one["problem"]:
        console.print(one["problem"], style="bold red", markup=False)
    if one["held_by"]:
        console.print(f"an incident is under way: {one['held_by']}", style="yellow")
    for incident in one["incidents"]:
        console.print(f"  {incident['id']}  {incident['outcome'] or 'open'}", highlight=False)
    console.print()


def _age(since: datetime | None) -> str:
    if since is None:
        return "-"
    age = datetime.now(UTC) - since
    return next((f"{age // unit} {name}" for name, unit in AGES if age >= 2 * unit), "just now")


def validate(
    app: AppArgument,
    to: Annotated[str | None, typer.Option(help="Another release.")] = None,
    json: AsJson = False,
) -> None:
    """Whether a rollback is possible now: looks and plans; changes nothing. Exit code 1 where it is not."""
    with installation() as here:
        plan = plan_of(here, document(here, app), Request(application=app, to=to, by=at_host()))
    show_plan(plan, json=json)
    raise typer.Exit(0 if plan.decision in GOOD else 1)


def start_backup(
    app: AppArgument,
    slot: Annotated[
        str | None, typer.Argument(help="The standby slot; needed where there are several.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Start a standby slot that is down, and say whether it is healthy. Never touches the serving one."""
    with installation() as here:
        described = document(here, app)
        chosen = slot or _only_standby(described)
        if described.platform.route().slot == chosen:
            raise Conflict(on=f"slot {chosen}", expected="standby", found="serving")
        with host_lock(here.home, app):
            found = described.platform.prepare(chosen, lambda one: at_slot(described, one))
    ready = isinstance(found, Standing)
    said = "healthy" if isinstance(found, Standing) else found.reason
    as_json({"slot": chosen, "ready": ready, "said": said}) if json else console.print(
        f"{chosen}: {said}", markup=False
    )
    raise typer.Exit(0 if ready else 1)


def _only_standby(described: Document) -> str:
    serving = described.platform.route().slot
    standby = [one.name for one in described.platform.slots() if one.name != serving]
    if len(standby) != 1:
        raise Conflict(on="the standby slot", expected="one", found=", ".join(standby) or "none")
    return standby[0]
