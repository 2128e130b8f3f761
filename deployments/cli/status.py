"""`backout status`: where an application stands."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from blocks.installation import Installation, installation
from blocks.ledger import Holder
from blocks.store import configurations
from blocks.watch_settings import unwatched
from deployments.answering import asked_last, plan_asked
from deployments.applications import document, wanted
from deployments.cli.ages import age
from deployments.cli.output import AsJson, as_json, console, table
from deployments.drift import drifts, obstacle
from domain.consent import Answer
from domain.contacts import Step
from domain.errors import BackoutError
from domain.findings import all_ok, summary
from domain.gate import closed, gate_of
from domain.offers import typed
from domain.outcomes import named
from domain.precedence import Phase
from domain.release import Release, Slot, Survey
from domain.shares import in_words
from tasks.survey import look_around

LAST_INCIDENTS = 3


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
        asked = wanted(here, app)
        drift = drifts(here, asked)
        found = [{**_status(here, name), "drift": drift[name]} for name in asked]
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
        "shares": seen.shares if seen else {},
        "problem": problem,
        "next": step,
        "slots": _slots(seen, here.store.releases(app)) if seen else [],
        "parts": [part.model_dump() for part in seen.parts] if seen else [],
        "users": summary(seen.through_router) if seen else "not known",
        "users_ok": all_ok(seen.through_router) if seen else None,
        "schema": seen.schema_version if seen else None,
        "held_by": holder.incident if holder and holder.alive else None,
        "waits": _waits(here, holder) if holder and holder.alive else None,
        "not_watched": unwatched(configurations.of(here.store.database, app).document),
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
        return None, error.what(), named(error.next_step(), app)


def _slots(seen: Survey, releases: list[Release]) -> list[dict[str, Any]]:
    known = {release.version: release for release in releases}
    return [_slot(seen, slot, known.get(slot.version or "")) for slot in seen.slots]


def _slot(seen: Survey, slot: Slot, release: Release | None) -> dict[str, Any]:
    findings = seen.findings.get(slot.name, [])
    return {
        "slot": slot.name,
        "version": slot.version,
        "serving": slot.name == seen.serving,
        "share": seen.shares.get(slot.name, 0) if seen.shares else None,
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
    for line in one["not_watched"]:
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if one["held_by"]:
        console.print(f"an incident is under way: {one['held_by']}", style="yellow", highlight=False)
    if one["waits"]:
        _show_waiting(one["waits"])
    for incident in one["incidents"]:
        ago = f"{age(incident['opened_at'])} ago"
        console.print(f"  {incident['id']}  {incident['outcome'] or 'open'}, {ago}", highlight=False)
    console.print()


def _show_slots(one: dict[str, Any]) -> None:
    rows = table("", "", "slot", "release", "age", "health")
    rows.columns[3].justify = "right"
    for slot in one["slots"]:
        mark = "[green]●[/green]" if slot["serving"] else "[yellow]◐[/yellow]" if slot["share"] else "○"
        note = Text(slot["health"], style="red" if slot["healthy"] is False else "")
        if slot["quarantined_by"]:
            note.append("; in quarantine", style="red")
        since = age(slot["recorded_at"] or slot["since"])
        rows.add_row(mark, slot["slot"], slot["version"] or "-", since, note)
    console.print(rows)
    for part in one["parts"]:
        detail = f", {part['detail']}" if part["detail"] else ""
        console.print(
            f"part {part['name']}: {part['release'] or 'not known'}{detail}", markup=False, highlight=False
        )
    if one["shares"]:
        console.print(f"traffic: {in_words(one['shares'])}", highlight=False)
    style = "red" if one["users_ok"] is False else ""
    console.print(Text("users: ").append(one["users"], style=style))
    console.print(f"schema: {one['schema'] or 'none'}", highlight=False)


def _problems(one: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong, each with the next step."""
    found = [(one["problem"], one["next"])] if one["problem"] else []
    hindered = obstacle(one["application"], one["drift"])
    return [*found, hindered] if hindered else found


def _waits(here: Installation, holder: Holder) -> dict[str, Any] | None:
    """Whom the incident waits for, until when, and how they answer; None where it asks nobody."""
    asked, plan = asked_last(here, holder.incident), plan_asked(here, here.store.incident(holder.incident))
    if holder.phase is not Phase.WAITING or asked is None or plan is None or plan.consent is None:
        return None
    rows = f" --accept-data-loss {plan.confirm_rows}" if plan.confirm_rows else ""
    about = plan.digest()
    answers = [row for row in here.store.approvals(holder.incident) if row.plan == about]
    answered = [row.person for row in answers if row.answer is Answer.APPROVE]
    return {
        "incident": holder.incident,
        "people": plan.consent.people,
        "not_by": here.store.incident(holder.incident).request.by if plan.consent.people > 1 else None,
        "approved_by": answered,
        "until": asked.data["deadline"],
        "about": plan.said if gate_of(plan) else None,
        "at_deadline": closed(plan) or plan.unanswered,
        "approvers": plan.consent.approvers,
        "path": asked.data.get("path", []),
        "instead": plan.offers,
        "approve": f'backout approve {holder.incident}{rows} --reason "..."',
        "reject": f'backout reject {holder.incident} --reason "..."',
    }


def _show_waiting(waits: dict[str, Any]) -> None:
    until = datetime.fromisoformat(waits["until"])
    people = f"{waits['people']} {'person' if waits['people'] == 1 else 'people'}"
    about = f" to {waits['about']}" if waits["about"] else ""
    console.print(
        f"it waits for consent of {people}{about} until {until:%H:%M:%S} UTC; then: {waits['at_deadline']}",
        style="yellow",
        highlight=False,
    )
    for step in waits["path"]:
        console.print(
            f"if nobody answers: {Step.model_validate(step)}", markup=False, highlight=False, soft_wrap=True
        )
    if waits["approvers"]:
        console.print(f"asked: {', '.join(waits['approvers'])}", markup=False, highlight=False)
    if waits["not_by"]:
        console.print(f"{waits['not_by']}, who asked, is not one of them", markup=False, highlight=False)
    if waits["approved_by"]:
        console.print(f"yes so far: {', '.join(waits['approved_by'])}", markup=False, highlight=False)
    for answer in ("approve", "reject"):
        console.print(f"{answer}: {waits[answer]}", markup=False, highlight=False, soft_wrap=True)
    if waits["instead"]:
        said = f"backout answer {waits['incident']} --instead {'|'.join(map(typed, waits['instead']))}"
        console.print(f"instead: {said}", markup=False, highlight=False, soft_wrap=True)
