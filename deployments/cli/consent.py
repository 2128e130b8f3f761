"""`backout approve` and `backout reject`."""

from typing import Annotated

import typer

from blocks.installation import installation
from deployments import answering, approval_socket
from deployments.cli.output import AsJson, as_json, console
from deployments.people import person
from deployments.prefect_api import PrefectApi
from domain.consent import Answer, Ruling

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The incident's id, or the run's.")]
Reason = Annotated[str, typer.Option(help="Why; goes into the report.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(approve)
    app.command()(reject)


def approve(run: RunArgument, reason: Reason = "", json: AsJson = False) -> None:
    """Say yes to a plan that waits for consent."""
    _answer(run, Answer.APPROVE, reason, json=json)


def reject(run: RunArgument, reason: Reason = "", json: AsJson = False) -> None:
    """Say no to a plan that waits for consent; needs a reason."""
    _answer(run, Answer.REJECT, reason, json=json)


def _answer(run: str, answer: Answer, reason: str, *, json: bool) -> None:
    """Through the running `serve`, whose kernel proves who we are; else with this host's own key."""
    stands = approval_socket.ask(run, answer, reason) or _by_our_own_key(run, answer, reason)
    if json:
        as_json({"run": run, "stands": stands})
    elif stands == Ruling.OPEN:
        console.print(f"{run}: your answer is kept; it waits for another person", highlight=False)
    else:
        console.print(f"{run}: {stands}", highlight=False)


def _by_our_own_key(run: str, answer: Answer, reason: str) -> Ruling:
    with installation() as here:
        stands = answering.give(here, run, answer, person(), reason, "cli")
        if stands is not Ruling.OPEN:
            answering.wake(here, PrefectApi.find(here.home), run, answer, person())
        return stands
