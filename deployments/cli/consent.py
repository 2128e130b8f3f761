"""`backout approve` and `backout reject`."""

from typing import Annotated

import typer

from blocks.installation import installation
from deployments import answering, approval_socket
from deployments.answering import Given, Said
from deployments.cli.output import AsJson, as_json, console
from deployments.people import person
from domain.consent import Answer

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The incident's id, or the run's.")]
Reason = Annotated[str, typer.Option(help="Why; goes into the report.")]

Rows = Annotated[
    int, typer.Option(min=0, help="How many rows you accept to lose, where the plan loses some.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(approve)
    app.command()(reject)


def approve(run: RunArgument, reason: Reason = "", accept_data_loss: Rows = 0, json: AsJson = False) -> None:
    """Say yes to a plan that waits for consent."""
    _answer(run, Answer.APPROVE, reason, accept_data_loss, json=json)


def reject(run: RunArgument, reason: Reason = "", json: AsJson = False) -> None:
    """Say no to a plan that waits for consent; needs a reason."""
    _answer(run, Answer.REJECT, reason, 0, json=json)


def _answer(run: str, answer: Answer, reason: str, rows: int, *, json: bool) -> None:
    """Through the running `serve`, whose kernel proves who we are; else with this host's own key."""
    given = approval_socket.ask(run, answer, reason, rows) or _by_our_own_key(run, answer, reason, rows)
    if json:
        as_json({"run": run, "stands": given.stands, "woken": given.woken, "what": given.what})
    else:
        console.print(f"{run}: {given.what}", markup=False, highlight=False, soft_wrap=True)
    if not given.woken:
        raise typer.Exit(1)


def _by_our_own_key(run: str, answer: Answer, reason: str, rows: int) -> Given:
    with installation() as here:
        return answering.deliver(here, run, Said(answer, person(), reason, accepted_rows=rows))
