"""`backout incidents`: what happened, what is still open after it, and ticking what only a person knows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from blocks.installation import installation
from deployments.answering import incident_of
from deployments.applications import wanted
from deployments.cli.output import AsJson, as_json, console
from deployments.cli.usage import BadUsage
from deployments.incident_list import Listed, checklist_of, listed, tick
from domain.checklist import TEXTS, Item, State
from domain.follow_up import FollowUp, key
from domain.incident import Incident

LIST = "list"


class ListsByItself(TyperGroup):
    """`backout incidents shop/production` is `backout incidents list shop/production`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, "-h", "--help"):
            args = [LIST, *args]
        return super().parse_args(ctx, args)


def add_to(app: typer.Typer) -> None:
    """Register the command group."""
    group = typer.Typer(help="Incidents, and what is still open after them.", cls=ListsByItself)
    group.command(LIST)(list_incidents)
    group.command("tick")(tick_item)
    app.add_typer(group, name="incidents")


def list_incidents(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="One application; all of them without it.")
    ] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those with something left to do.")] = False,
    json: AsJson = False,
) -> None:
    """Outcome, releases, follow-ups due and done, items of the checklist that are open; newest first."""
    with installation() as here:
        wanted(here, app)
        found = [row for row in listed(here, app) if row.open or not only_open]
    if json:
        as_json([row.plain() for row in found])
        return
    for row in found:
        _show(row)
    if not found:
        _say("nothing is open" if only_open else "no incident was recorded")


def tick_item(
    incident: Annotated[str, typer.Argument(help="The incident's id, or its run's.")],
    item: Annotated[str, typer.Argument(help=f"One of {', '.join(TEXTS)}.")],
    note: Annotated[str, typer.Option(help="What you know; it goes on record.")] = "",
    json: AsJson = False,
) -> None:
    """Tick an item of the checklist after a rollback that no check can see. What was seen to be bad cannot be ticked."""
    if item not in TEXTS:
        raise BadUsage(f"ITEM: {item!r} is no item of the checklist", allowed=list(TEXTS))
    with installation() as here:
        found = incident_of(here, incident)
        row = _item(found, item, checklist_of(here, found))
        rows = tick(here, found, row, note) if row.tickable else checklist_of(here, found)
    left = [one.key for one in rows if one.state is not State.TICKED]
    said = f"{row.text}: {'ticked' if row.tickable else f'was ticked before ({row.evidence})'}"
    if json:
        as_json({"incident": found.id, "item": item, "said": said, "open_items": left})
        return
    _say(said)
    _say(f"left: {', '.join(left) or 'nothing'}")


def _item(incident: Incident, key: str, rows: Sequence[Item]) -> Item:
    """The item, if a person may tick it or it is ticked. Raises BadUsage."""
    if not rows:
        said = str(incident.outcome or "still open").replace("_", " ")
        raise BadUsage(
            f"incident {incident.id} has no checklist: it is {said}, not rolled back",
            step=f"`backout incidents {incident.application}` lists those that have one",
        )
    found = next(row for row in rows if row.key == key)
    if found.state is State.OPEN and not found.tickable:
        raise BadUsage(
            f"{found.text}: {found.evidence}: what was seen says otherwise, so nobody's word ticks it",
            step=f"mend it; the next follow-up looks again, and `backout status {incident.application}` does now",
        )
    return found


def _show(row: Listed) -> None:
    outcome = str(row.outcome or "open").replace("_", " ")
    moved = f"  {row.from_release or '-'} -> {row.to_release or '-'}" if row.outcome else ""
    console.print(f"{row.id}  {outcome}{moved}", style="bold", markup=False, highlight=False, soft_wrap=True)
    for one in row.follow_ups:
        _say(f"  follow-up {one.step}: {_stands(row.id, one)}")
    if row.checklist:
        _say(f"  checklist: {len(row.checklist) - len(row.open_items)} of {len(row.checklist)} ticked")
    for item in row.open_items:
        mine = f"  [{item.key}]" if item.tickable else ""
        _say(f"    {item.state}: {item.text}: {item.evidence}{mine}")


def _stands(incident: str, one: FollowUp) -> str:
    if one.off:
        return "told to nobody: follow-ups were turned off by then"
    if one.told_at is not None:
        return f"told {one.told_at:%Y-%m-%d %H:%M} UTC"
    due = f"due {one.due:%Y-%m-%d %H:%M} UTC"
    if one.due > datetime.now(UTC):
        return due
    return f"{due} (overdue: its run in Prefect, {key(one.step, incident)}, failed, or waits for `backout serve`)"


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
