"""Starting a run and staying with it: to its outcome, to a request for consent, or until Ctrl-C."""

import time
from contextlib import suppress
from typing import Any

import typer

from blocks.installation import Installation
from deployments import answering
from deployments.cli import prompt
from deployments.cli.output import as_json, console, errors
from deployments.cli.plans import show_plan
from deployments.follow import POLL_S, Followed, follow
from deployments.people import person
from deployments.prefect_api import PrefectApi
from domain.consent import Answer, Ruling
from domain.gate import gate_of
from domain.incident import Incident
from domain.outcomes import ENDS, End, Outcome
from domain.request import Request

REPORT_S = 10.0
"""Seconds to wait for the report of a run that ends before it is written; most are there after one."""


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
    _conclude(here, run, seen, json=json)


def _answer(here: Installation, seen: Followed, *, yes: bool, json: bool) -> None:
    """Answer as this person: with --yes, or at the prompt. Ends where the run is left waiting for others."""
    incident = seen.incident
    plan = answering.plan_asked(here, incident) if incident else None
    if incident is None or plan is None:
        raise typer.Exit(1)
    if not json:
        show_plan(plan, json=False)
    rows = plan.confirm_rows
    # `--yes` was said before anybody saw the analysis: a gate asks for a yes of its own.
    said = _said(incident, rows, yes=yes and gate_of(plan) is None, json=json)
    if said is None:
        _left_waiting(here, incident.id, "it still waits for consent", json=json, rows=rows)
        return
    given = answering.deliver(here, incident.id, said)
    if given.stands is Ruling.OPEN:
        _left_waiting(here, incident.id, "your yes is kept; another person's is needed", json=json)
    if not given.woken:
        _no_run_waits(incident.id, given.what, json=json)


def _no_run_waits(incident: str, what: str, *, json: bool) -> None:
    if json:
        as_json({"incident": incident, "woken": False, "what": what})
    else:
        errors.print(what, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def _said(incident: Incident, rows: int, *, yes: bool, json: bool) -> answering.Said | None:
    """The answer of this person; None where nobody answers here. `--yes` accepts no loss of rows."""
    if yes:
        return None if rows else answering.Said(Answer.APPROVE, person(), "--yes")
    return prompt.ask(incident, rows) if console.is_terminal and not json else None


def _left_waiting(here: Installation, incident: str, why: str, *, json: bool, rows: int = 0) -> None:
    approve = f"backout approve {incident}{f' --accept-data-loss {rows}' if rows else ''}"
    reject = f'backout reject {incident} --reason "..."'
    if json:
        as_json(
            {"incident": incident, "waits_for": "consent", "why": why, "approve": approve, "reject": reject}
        )
    else:
        until = answering.deadline(here, incident)
        said = f"{why}, until {until:%H:%M:%S} UTC" if until else why
        console.print(
            f"{said}\nnext: {approve}\n  or: {reject}", markup=False, highlight=False, soft_wrap=True
        )
    raise typer.Exit(1)


def _conclude(here: Installation, run: str, seen: Followed, *, json: bool) -> None:
    """Say how it ended at once, and where the report is as soon as it is there; end with the outcome's exit code."""
    if seen.incident is None or seen.incident.outcome is None:
        _without_outcome(run, seen, json=json)
        return
    end = ENDS[seen.incident.outcome]
    if json:
        ended = reported(here, seen.incident)
        as_json(
            {
                "run": run,
                "incident": ended.id,
                "joined": seen.joined,
                "outcome": ended.outcome,
                "why": seen.why,
                "next": _next(ended),
                "report": ended.report,
            }
        )
    else:
        _say_end(seen, seen.incident, end)
        _say_report(reported(here, seen.incident))
    raise typer.Exit(end.exit_code)


def _say_end(seen: Followed, incident: Incident, end: End) -> None:
    if seen.joined:
        console.print(f"joined: incident {incident.id} was under way already", highlight=False)
    style = "bold green" if end.exit_code == 0 else "bold red"
    console.print(f"[{style}]{incident.outcome}[/{style}]: {end.words}", highlight=False)
    if seen.why:
        console.print(seen.why, markup=False, highlight=False)
    console.print(f"next: {_next(incident)}", markup=False, highlight=False, soft_wrap=True)


def _next(incident: Incident) -> str:
    return incident.next_step(incident.outcome) if incident.outcome else ""


def _say_report(incident: Incident) -> None:
    """A report that is late is written by the run's linked watch; the command makes one if that never comes."""
    later = f"not written yet; look again with `backout report {incident.id}`"
    console.print(f"report: {incident.report or later}", markup=False, highlight=False, soft_wrap=True)


def reported(here: Installation, incident: Incident, patience_s: float = REPORT_S) -> Incident:
    """The incident once its report is written: an emergency ends before it. As it is when that takes too long, or at Ctrl-C."""
    until = time.monotonic() + patience_s
    with suppress(KeyboardInterrupt):
        while _report_comes(incident) and time.monotonic() < until:
            time.sleep(POLL_S)
            incident = here.store.incident(incident.id)
    return incident


def _report_comes(incident: Incident) -> bool:
    """Only a rollback ends before its report; elsewhere one that is not there could not be written."""
    return incident.report is None and incident.outcome is Outcome.ROLLED_BACK


def _without_outcome(run: str, seen: Followed, *, json: bool) -> None:
    """The run ended before it had an incident, or left it open: its state is all there is to say."""
    said = seen.state.message if seen.state else "the run did not start"
    if json:
        as_json({"run": run, "error": seen.state.name if seen.state else "NotStarted", "what": said})
    else:
        errors.print(said, style="bold red", markup=False, highlight=False)
    raise typer.Exit(1)
