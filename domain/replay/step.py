"""One decision of an incident, as it was made and as it comes out again."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

MISSING = "cannot be decided again"


class Step(BaseModel):
    """One decision.

    Attributes:
        name: what was decided.
        rests_on: what of the record the decision rests on, in one line.
        recorded, replayed: the decision then, and the one that the same code comes to now.
        same: whether both agree; None where the record does not hold what it takes.
        why: the difference, or what is missing; empty where they agree.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    rests_on: str
    recorded: str
    replayed: str
    same: bool | None
    why: str = ""


def agreeing(name: str, rests_on: str, recorded: str, replayed: str, why: str = "") -> Step:
    """Both as words: the same where the words are."""
    same = recorded == replayed
    return Step(
        name=name,
        rests_on=rests_on,
        recorded=recorded,
        replayed=replayed,
        same=same,
        why="" if same else why or f"the record leads to: {replayed}",
    )


def missing(name: str, recorded: str, why: str) -> Step:
    """A decision that cannot be made again."""
    return Step(name=name, rests_on="", recorded=recorded, replayed=MISSING, same=None, why=why)


def counted(number: int, word: str) -> str:
    """`1 finding`, `3 findings`."""
    return f"{number} {word}{'' if number == 1 else 's'}"
