"""`backout explain`: an incident's decisions once more, from its record alone."""

from typing import Annotated

import typer
from rich.text import Text

from blocks.installation import installation
from deployments.answering import incident_of
from deployments.cli.output import AsJson, as_json, console, table
from domain.replay.replay import Replay, replay

MARKS = {
    True: Text("same", style="green"),
    False: Text("DIFFERS", style="bold red"),
    None: Text("-", style="yellow"),
}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(explain)


def explain(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The incident's id, or the run's.")],
    json: AsJson = False,
) -> None:
    """Decide again from the recorded samples, survey, request and policy. Exit code 1 where the answer is another one.

    The first lines say who or what asked for the run, and how it ended; then each decision, as it was and as it is now.
    """
    with installation() as here:
        incident = incident_of(here, run)
        entries, damage = here.store.entries(incident.id), here.store.problems(incident.id)
        found = replay(incident, entries, here.approvals_key, damage)
    if json:
        as_json({**found.model_dump(mode="json"), "same": found.same})
    else:
        _show(found)
    raise typer.Exit(0 if found.same else 1)


def _show(found: Replay) -> None:
    ended = f"{found.outcome}: {found.ended_because}" if found.outcome else "still going on"
    console.print(f"{found.incident}, {ended}", style="bold", markup=False, highlight=False, soft_wrap=True)
    console.print(found.started_by, markup=False, highlight=False, soft_wrap=True)
    rows = table("", "decision", "then", "now", "", "rests on")
    for step in found.steps:
        rows.add_row(
            step.name, Text(step.recorded), Text(step.replayed), MARKS[step.same], Text(step.rests_on)
        )
    console.print(rows)
    for step in found.steps:
        if step.why:
            _say(f"{step.name}: {step.why}", "bold red" if step.same is False else "yellow")
    for problem in found.damage:
        _say(f"the journal cannot be believed: {problem}", "bold red")
    _say(_verdict(found), "bold green" if found.same else "bold red")


def _verdict(found: Replay) -> str:
    if found.same and not found.planned:
        return "it came to no decision that could be made again"
    if found.same:
        left = [step.name for step in found.steps if step.same is None]
        but = f"; not decided again: {', '.join(left)}" if left else ""
        return f"the record leads to the same decisions{but}"
    by = f" (they were made by Backout {found.decided_by})" if found.decided_by else ""
    return f"the record does not lead to the same decisions{by}"


def _say(line: str, style: str) -> None:
    console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
