"""`backout drill`: break what serves on purpose, and see whether, and how fast, it is taken back."""

import time
from typing import Annotated

import typer

from blocks.installation import Installation, installation
from blocks.store import drills
from deployments.applications import document
from deployments.cli import options
from deployments.cli.output import AppArgument, AsJson, as_json, console, errors
from deployments.cli.usage import BadUsage
from deployments.people import at_host
from deployments.prefect_api import PrefectApi, RunState
from domain.drill import PHASES, Drill
from domain.precedence import Phase
from tasks.drill import breaks_production, refuse

POLL_S = 0.5


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(drill)


def drill(
    app: AppArgument,
    fault: Annotated[
        str | None, typer.Option(help="One of `drill.faults` in backout.yaml. Default: the first.")
    ] = None,
    production: Annotated[
        bool, typer.Option("--production", help="Also where it is production: its name must then be typed.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why now; goes into the report.")] = "",
    wait: options.Wait = True,
    json: AsJson = False,
) -> None:
    """Break what serves, let it be found and taken back, mend it, restore a backup, report. Needs a running serve."""
    with installation() as here:
        described = document(here, app)
        refuse(described, fault, production=production)
        api = PrefectApi.find(here.home)
        if breaks_production(described):
            _confirmed(app, asked=console.is_terminal and not json)
        given = {
            "application": api.application_block(app), "fault": fault, "production": production, "reason": reason,
            "asked_by": at_host(), "via": "cli",
        }  # fmt: skip
        run = api.start("drill", given, tags=[app])
        if not wait:
            as_json({"run": run}) if json else console.print(f"started: run {run}", highlight=False)
            return
        state, over = _followed(here, api, run, quiet=json)
    _show(run, state, over, json=json)
    raise typer.Exit(0 if over is not None and over.passed else 1)


def _confirmed(app: str, *, asked: bool) -> None:
    if not asked:
        raise BadUsage(f"{app} is production: a person must type its name, at a terminal")
    if typer.prompt(f"This breaks what serves users. Type {app} to go on") != app:
        raise BadUsage(f"that is not {app}: nothing was broken")


def _followed(here: Installation, api: PrefectApi, run: str, *, quiet: bool) -> tuple[RunState, Drill | None]:
    """Say each step once, until the run has ended."""
    said: set[str] = set()
    while True:
        state, seen = api.state(run), drills.of_run(here.store.database, run)
        for line in _news(here, seen) if seen and not quiet else ():
            if line not in said:
                said.add(line)
                console.print(line, markup=False, highlight=False, soft_wrap=True)
        if state.done:
            return state, seen
        time.sleep(POLL_S)


def _news(here: Installation, seen: Drill) -> list[str]:
    """What it does now, and whether people are asked."""
    found = [seen.step]
    holder = here.store.holder(seen.application) if seen.incident else None
    if holder and holder.phase is Phase.WAITING:
        found.append(f"people are asked, in earnest: backout approve {holder.incident}")
    return found


def _show(run: str, state: RunState, over: Drill | None, *, json: bool) -> None:
    if json:
        as_json(
            {
                "run": run,
                "state": state.name,
                "what": state.message,
                "drill": over and over.model_dump(mode="json"),
            }
        )
        return
    if over is None or not over.passed:
        errors.print(
            f"failed: {state.message}", style="bold red", markup=False, highlight=False, soft_wrap=True
        )
    else:
        console.print(
            f"passed: {state.message}", style="bold green", markup=False, highlight=False, soft_wrap=True
        )
    for name in PHASES if over else ():
        seconds = over.figures.phase(name) if over else None
        console.print(f"  to {name:<7}{'-' if seconds is None else f'{seconds:.1f} s'}", highlight=False)
