"""`backout quarantine`: releases that were rolled back from, and taking one out once it is mended."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from blocks.installation import installation
from deployments import quarantine
from deployments.applications import wanted
from deployments.cli.ages import age
from deployments.cli.output import AppArgument, AsJson, as_json, console, table
from deployments.cli.usage import BadUsage
from domain.quarantine import REDEPLOYMENT, Lift, missing, unknown

Confirm = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ITEM", help=f"Say yes to one item, once each: {', '.join(row.key for row in REDEPLOYMENT)}."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the command group."""
    group = typer.Typer(
        help="Releases that were rolled back from: they get no traffic.", no_args_is_help=True
    )
    group.command("list")(list_held)
    group.command()(lift)
    app.add_typer(group, name="quarantine")


def list_held(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="One application; all of them without it.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Which releases are in quarantine, since which incident, and which were taken out by whom."""
    with installation() as here:
        held = [row for name in wanted(here, app) for row in quarantine.held(here, name)]
        lifted = quarantine.lifted(here, app)
    if json:
        as_json({"quarantined": held, "lifted": [one.model_dump(mode="json") for one in lifted]})
        return
    _show(held, lifted)


def _show(held: Sequence[dict[str, Any]], lifted: Sequence[Lift]) -> None:
    for row in held:
        since = f", {age(row['since'])} ago" if row["since"] else ""
        _say(f"{row['application']} {row['release']}: in quarantine since incident {row['incident']}{since}")
        for name in ("reason", "report", "lift"):
            if row[name]:
                _say(f"  {name}: {row[name]}")
    if not held:
        _say("no release is in quarantine")
    if lifted:
        rows = table("lifted", "application", "release", "by", "when", "incident")
        for one in lifted:
            rows.add_row(one.application, one.release, one.by, f"{one.at:%Y-%m-%d %H:%M} UTC", one.incident)
        console.print(rows, markup=False, highlight=False)


def lift(
    app: AppArgument,
    release: Annotated[str, typer.Argument(help="The release's version.")],
    confirm: Confirm = None,
    note: Annotated[str, typer.Option(help="What else should be on record.")] = "",
    json: AsJson = False,
) -> None:
    """Take a release out of quarantine: each item of FlappyJournal's redeployment checklist needs a person's yes."""
    given = _given(confirm or [])
    with installation() as here:
        found = quarantine.recorded(here, app, release)
        if found.quarantined_by is None:
            _done(f"{app} {release} was not in quarantine", None, json=json)
            return
        answers = _answers(f"{app} {release}", str(found.quarantined_by), given, json=json)
        done = quarantine.take_out(here, found, answers, note)
    if done is None:
        raise BadUsage(
            f"{app} {release} is no longer in quarantine since {found.quarantined_by}; nothing was changed",
            step=f"`backout quarantine list {app}` says how it stands",
        )
    _done(f"{app} {release}: lifted out of quarantine (since {done.incident})", done, json=json)


def _given(keys: list[str]) -> dict[str, bool]:
    """What was confirmed on the command line. Raises BadUsage."""
    if wrong := unknown(keys):
        raise BadUsage(f"--confirm: {wrong[0]!r} is no item", allowed=[row.key for row in REDEPLOYMENT])
    return dict.fromkeys(keys, True)


def _answers(what: str, incident: str, given: dict[str, bool], *, json: bool) -> dict[str, bool]:
    """Each item's yes; asked one by one at a terminal. Raises BadUsage where one is missing, or is a no."""
    left = missing(given)
    if left and (json or not sys.stdin.isatty()):
        items = "; ".join(f"{row.key} ({row.text})" for row in left)
        options = " ".join(f"--confirm {row.key}" for row in left)
        raise BadUsage(
            f"{what} stays in quarantine (since {incident}): nobody confirmed {items}",
            step=f"answer at a terminal, or add {options}",
        )
    if left:
        _say(f"{what} is in quarantine since incident {incident}. Before it is deployed again:")
    for row in left:
        if not typer.confirm(f"  {row.text}?", default=False):
            raise BadUsage(
                f"{what} stays in quarantine: no to {row.text!r}; nothing was changed",
                step="lift it when that is done",
            )
        given = {**given, row.key: True}
    return {row.key: given[row.key] for row in REDEPLOYMENT}


def _done(said: str, lifted: Lift | None, *, json: bool) -> None:
    if json:
        as_json({"said": said, "lifted": lifted.model_dump(mode="json") if lifted else None})
        return
    _say(said)
    if lifted:
        _say(f"on record: {lifted.by} confirmed {', '.join(lifted.answers)}")


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
