"""Starting a run and staying with it: to its outcome, to a request for consent, or until Ctrl-C."""

from typing import Any

import typer

from blocks.installation import Installation
from deployments import answering
from deployments.cli.output import as_json, console, errors
from deployments.cli.plans import show_plan
from deployments.follow import Followed, follow
from deployments.people import person
from deployments.prefect_api import PrefectApi
from domain.consent import Answer, Ruling
from domain.outcomes import ENDS
from domain.request import Request


def start_and_follow(
    here: Installation,
    api: PrefectApi,
    request: Request,
    parameters: dict[str, Any],
    *,
    yes: bool,
    wait: bool,
    json: bool,
) -> None:
    """Create the run and, with `wait`, show it to its end; ends with the outcome's exit code.

    Ctrl-C only stops the showing: the run belongs to `serve`.
    """
    run = api.start(request.runbook, parameters, tags=[request.application])
    if not wait:
        as_json({"run": run}) if json else console.print(f"started: run {run}", highlight=False)
        return
    try:
        _to_the_end(here, api, run, yes=yes, json=json)
    except KeyboardInterrupt:
        errors.print(
            f"\ndetached; the run goes on: backout status {request.application}",
            highlight=False,
            soft_wrap=True,
        )
        if json:
            as_json({"run": run, "detached": True})
        raise typer.Exit(1) from None


def _to_the_end(here: Installation, api: PrefectApi, run: str, *, yes: bool, json: bool) -> None:
    shown_on = errors if json else console
    seen = follow(api, here.store, run, shown_on)
    while seen.waits_for_people:
        _answer(here, seen, yes=yes, json=json)
        seen = follow(api, here.store, run, shown_on)
    _conclude(run, seen, json=json)


def _answer(here: Installation, seen: Followed, *, yes: bool, json: bool) -> None:
    """Answer as this person: with --yes, or at the prompt. Ends where the run is left waiting for others."""
    incident = seen.incident
    if incident is None or incident.plan is None:
        raise typer.Exit(1)
    if not json:
        show_plan(incident.plan, json=False)
    if not yes and not (
        console.is_terminal and not json and typer.confirm(f"Roll back {incident.application}?")
    ):
        _left_waiting(incident.id, "waits for consent", json=json)
    said = "--yes" if yes else "confirmed at the prompt"
    given = answering.deliver(here, incident.id, Answer.APPROVE, person(), said, "cli")
    if given.stands is Ruling.OPEN:
        _left_waiting(incident.id, "your yes is kept; another person's is needed", json=json)
    if not given.woken:
        _no_run_waits(incident.id, given.what, json=json)


def _no_run_waits(incident: str, what: str, *, json: bool) -> None:
    if json:
        as_json({"incident": incident, "woken": False, "what": what})
    else:
        errors.print(what, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def _left_waiting(incident: str, why: str, *, json: bool) -> None:
    step = f"backout approve {incident}"
    if json:
        as_json({"incident": incident, "waits_for": "consent", "why": why, "approve": step})
    else:
        console.print(f"{why}\nnext: {step}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def _conclude(run: str, seen: Followed, *, json: bool) -> None:
    """Say how it ended, and end with the outcome's exit code."""
    if seen.incident is None or seen.incident.outcome is None:
        _without_outcome(run, seen, json=json)
        return
    incident, outcome = seen.incident, seen.incident.outcome
    end = ENDS[outcome]
    if json:
        as_json(
            {
                "run": run,
                "incident": incident.id,
                "joined": seen.joined,
                "outcome": outcome,
                "why": seen.why,
                "next": end.next_step,
                "report": incident.report,
            }
        )
        raise typer.Exit(end.exit_code)
    if seen.joined:
        console.print(f"joined: incident {incident.id} was under way already", highlight=False)
    style = "bold green" if end.exit_code == 0 else "bold red"
    console.print(f"[{style}]{outcome}[/{style}]: {end.words}", highlight=False)
    if seen.why:
        console.print(seen.why, markup=False, highlight=False)
    console.print(f"next: {end.next_step}", markup=False, highlight=False)
    console.print(f"report: {incident.report}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(end.exit_code)


def _without_outcome(run: str, seen: Followed, *, json: bool) -> None:
    """The run ended before it had an incident, or left it open: its state is all there is to say."""
    said = seen.state.message if seen.state else "the run did not start"
    if json:
        as_json({"run": run, "error": seen.state.name if seen.state else "NotStarted", "what": said})
    else:
        errors.print(said, style="bold red", markup=False, highlight=False)
    raise typer.Exit(1)
