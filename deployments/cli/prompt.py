"""The question at the prompt: carry the plan out, refuse it, or leave it to others."""

import typer

from deployments.answering import Said
from deployments.people import person
from domain.consent import Answer
from domain.incident import Incident

APPROVE = ("approve", "a", "yes", "y")
REJECT = ("reject", "r")
LEAVE = ("leave", "l", "no", "n", "")
"""A bare no refuses nothing: who only does not want to answer leaves it to others."""


def ask(incident: Incident, rows: int) -> Said | None:
    """What this person answers; None where it is left to others. `rows`: how many the plan loses."""
    question = f"Carry this out on {incident.application}? approve, reject or leave it to others"
    answer = typer.prompt(question, default="leave", value_proc=_known)
    if answer in APPROVE:
        return Said(Answer.APPROVE, person(), "confirmed at the prompt", accepted_rows=_accepted(rows))
    if answer in REJECT:
        return Said(Answer.REJECT, person(), typer.prompt("Why"))
    return None


def _known(typed: str) -> str:
    word = typed.strip().lower()
    if word not in (*APPROVE, *REJECT, *LEAVE):
        raise typer.BadParameter("type approve, reject or leave")
    return word


def _accepted(rows: int) -> int:
    if not rows:
        return 0
    typed: int = typer.prompt(
        f"{rows} rows would be lost. Type that number to accept it", type=int, default=0
    )
    return typed
