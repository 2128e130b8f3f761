"""What a restore made: a database beside the one in use."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Restored(BaseModel):
    """A backup as it stands beside the database in use, ready to be swapped in.

    Attributes:
        database: its name.
        backup: the backup's name.
        verified: whether a manifest said what it must hold, and it does.
        counts: `schema.table` -> rows in it.
        problems: what is not as it should be and still no reason to refuse it; where there is no manifest, that.
        seconds: what it took; 0 where it stood there already.
    """

    model_config = ConfigDict(frozen=True)

    database: str
    backup: str
    verified: bool
    counts: dict[str, int] = Field(default_factory=dict)
    problems: list[str] = Field(default_factory=list)
    seconds: float = 0.0
