"""How far a long act on a database has come."""

from pydantic import BaseModel, ConfigDict, Field


class Progress(BaseModel):
    """Some of all.

    Attributes:
        done: rows dealt with so far; never more than `total`, and never less than the time before.
        total: rows in all; an estimate until the database has been counted.
        what: what is being done, in a few words: `dumping shop`.
    """

    model_config = ConfigDict(frozen=True)

    done: int = Field(ge=0)
    total: int = Field(ge=0)
    what: str
