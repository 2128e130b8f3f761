"""`backout approve`, `backout reject`, `backout answer --instead` and `backout approve-code`."""

from typing import Annotated

import typer

from blocks.installation import installation
from deployments import answering, approval_socket
from deployments.answering import Given, Said
from deployments.cli.output import AsJson, as_json, console
from deployments.one_time_codes import give_code
from deployments.people import person
from domain.consent import Answer

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The incident's id, or the run's.")]
Reason = Annotated[str, typer.Option(help="Why; goes into the report.")]

Instead = Annotated[
    str,
    typer.Option(
        help="What to do in place of the plan: restart, config, flag:NAME, a part's name, shift:PER_CENT, or hotfix:RELEASE; `backout status` lists it."
    ),
]

Rows = Annotated[
    int, typer.Option(min=0, help="How many rows you accept to lose, where the plan loses some.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(approve)
    app.command()(reject)
    app.command()(answer)
    app.command(name="approve-code")(approve_code)


def approve(run: RunArgument, reason: Reason = "", accept_data_loss: Rows = 0, json: AsJson = False) -> None:
    """Say yes to a plan that waits for consent."""
    _answer(run, Answer.APPROVE, reason, accept_data_loss, json=json)


def reject(run: RunArgument, reason: Reason = "", json: AsJson = False) -> None:
    """Say no to a plan that waits for consent; needs a reason."""
    _answer(run, Answer.REJECT, reason, 0, json=json)


def answer(run: RunArgument, instead: Instead, reason: Reason = "", json: AsJson = False) -> None:
    """Do something else: the request ends as superseded, and the other way is started as a run of its own."""
    _answer(run, Answer.INSTEAD, reason, 0, instead, json=json)


def approve_code(run: RunArgument, json: AsJson = False) -> None:
    """A one-time code for Prefect's form: it proves there who you are, and counts once."""
    given = approval_socket.ask_code(run)
    if given is None:
        with installation() as here:
            given = give_code(here, run, "cli", person())
    if json:
        as_json(
            {"code": given.code, "incident": given.incident, "person": given.person, "until": given.until}
        )
        return
    console.print(given.code, style="bold", markup=False, highlight=False)
    until = f"{given.until:%H:%M:%S} UTC"
    console.print(
        f"for {given.person}, incident {given.incident}, once, until {until}: type it into the form's field Code",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _answer(run: str, answer: Answer, reason: str, rows: int, instead: str = "", *, json: bool) -> None:
    """Through the running `serve`, whose kernel proves who we are; else with this host's own key."""
    given = approval_socket.ask(run, answer, reason, rows, instead)
    if given is None:
        given = _by_our_own_key(run, Said(answer, person(), reason, accepted_rows=rows, instead=instead))
    if json:
        as_json({"run": run, "stands": given.stands, "woken": given.woken, "what": given.what})
    else:
        console.print(f"{run}: {given.what}", markup=False, highlight=False, soft_wrap=True)
    if not given.woken:
        raise typer.Exit(1)


def _by_our_own_key(run: str, said: Said) -> Given:
    with installation() as here:
        return answering.deliver(here, run, said)
