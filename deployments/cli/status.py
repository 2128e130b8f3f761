"""`backout status`: where an application stands."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.text import Text

from blocks.installation import Installation, installation
from deployments.applications import document, names
from deployments.cli.output import AsJson, as_json, console, table
from deployments.drift import NEXT, drifts
from domain.errors import BackoutError, UnknownApplication
from domain.findings import all_ok, summary
from domain.release import Release, Slot, Survey
from tasks.survey import look_around

LAST_INCIDENTS = 3
AGES = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(status)


def status(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="One application; all of them without it.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Slots, releases with their ages, who serves, health, drift, the last incidents."""
    with installation() as here:
        known = names(here)
        if app is not None and app not in known:
            raise UnknownApplication(application=app, known=known)
        wanted = [app] if app else known
        drift = drifts(here, wanted)
        found = [{**_status(here, name), "drift": drift[name]} for name in wanted]
    if json:
        as_json(found if app is None else found[0])
        return
    for one in found:
        _show(one)
    if not found:
        console.print("no application is applied yet: backout apply backout.yaml")


def _status(here: Installation, app: str) -> dict[str, Any]:
    seen, problem, step = _seen(here, app)
    holder = here.store.holder(app)
    return {
        "application": app,
        "serving": seen.serving if seen else None,
        "problem": problem,
        "next": step,
        "slots": _slots(seen, here.store.releases(app)) if seen else [],
        "users": summary(seen.through_router) if seen else "not known",
        "users_ok": all_ok(seen.through_router) if seen else None,
        "schema": seen.schema_version if seen else None,
        "held_by": holder.incident if holder and holder.alive else None,
        "incidents": [
            {"id": one.id, "outcome": one.outcome, "opened_at": one.opened_at}
            for one in here.store.incidents(app)[:LAST_INCIDENTS]
        ],
    }


def _seen(here: Installation, app: str) -> tuple[Survey | None, str, str]:
    """The survey; else why there is none, and what to do about it. What the store knows is shown all the same."""
    try:
        return look_around(document(here, app)), "", ""
    except BackoutError as error:
        return None, error.what(), error.next_step()


def _slots(seen: Survey, releases: list[Release]) -> list[dict[str, Any]]:
    known = {release.version: release for release in releases}
    return [_slot(seen, slot, known.get(slot.version or "")) for slot in seen.slots]


def _slot(seen: Survey, slot: Slot, release: Release | None) -> dict[str, Any]:
    findings = seen.findings.get(slot.name, [])
    return {
        "slot": slot.name,
        "version": slot.version,
        "serving": slot.name == seen.serving,
        "running": slot.running,
        "since": slot.since,
        "restarts": slot.restarts,
        "healthy": all_ok(findings) if findings else None,
        "health": summary(findings) if findings else ("not known" if slot.running else "stopped"),
        "recorded_at": release.recorded_at if release else None,
        "served_since": release.served_since if release else None,
        "quarantined_by": release.quarantined_by if release else None,
    }


def _show(one: dict[str, Any]) -> None:
    console.print(one["application"], style="bold", highlight=False)
    if one["slots"]:
        _show_slots(one)
    for problem, step in _problems(one):
        console.print(problem, style="bold red", markup=False, highlight=False)
        if step:
            console.print(f"next: {step}", markup=False, highlight=False, soft_wrap=True)
    if one["held_by"]:
        console.print(f"an incident is under way: {one['held_by']}", style="yellow", highlight=False)
    for incident in one["incidents"]:
        age = f"{_age(incident['opened_at'])} ago"
        console.print(f"  {incident['id']}  {incident['outcome'] or 'open'}, {age}", highlight=False)
    console.print()


def _show_slots(one: dict[str, Any]) -> None:
    rows = table("", "", "slot", "release", "age", "health")
    rows.columns[3].justify = "right"
    for slot in one["slots"]:
        mark = "[green]●[/green]" if slot["serving"] else "○"
        note = Text(slot["health"], style="red" if slot["healthy"] is False else "")
        if slot["quarantined_by"]:
            note.append("; in quarantine", style="red")
        age = _age(slot["recorded_at"] or slot["since"])
        rows.add_row(mark, slot["slot"], slot["version"] or "-", age, note)
    console.print(rows)
    style = "red" if one["users_ok"] is False else ""
    console.print(Text("users: ").append(one["users"], style=style))
    console.print(f"schema: {one['schema'] or 'none'}", highlight=False)


def _problems(one: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong, each with the next step."""
    found = [(one["problem"], one["next"])] if one["problem"] else []
    if one["drift"]:
        found.append((f"drift: {one['drift']}; runs that act refuse it", NEXT))
    if one["drift"] is None:
        found.append(
            ("Prefect does not answer: drift is not known", "start `backout serve`, or go on without it")
        )
    return found


def _age(since: datetime | None) -> str:
    if since is None:
        return "-"
    age = datetime.now(UTC) - since
    return next((f"{age // unit} {name}" for name, unit in AGES if age >= 2 * unit), "1 s")
