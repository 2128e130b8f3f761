"""A rehearsal: the down steps, done on a clone of the real data before anybody believes them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class RowsAtRisk(BaseModel):
    """Rows of one table that exist only in what a step drops.

    Attributes:
        table: `schema.table`.
        what: what goes: `the table`, `column phone`.
        rows: how many rows hold data there.
    """

    model_config = ConfigDict(frozen=True)

    table: str
    what: str
    rows: int


class Lock(BaseModel):
    """A lock that a step takes: `AccessExclusiveLock` on `public.users`. `blocks`: what waits meanwhile."""

    model_config = ConfigDict(frozen=True)

    table: str
    mode: str
    blocks: str


class Rehearsal(BaseModel):
    """What was seen on the clone.

    Attributes:
        from_version, to_version: the schema's versions.
        steps: the versions of the down steps, in the order they ran.
        failed: what a step failed with; empty where all ran.
        differences: real differences to the schema recorded before the up; empty where it lands exactly there.
        cosmetic: differences that change nothing: column order, comments, names of generated constraints.
        compared: whether there was a recorded schema to compare with.
        clone_s, steps_s: seconds for the clone itself and for the steps.
        database: the application's database.
    """

    model_config = ConfigDict(frozen=True)

    database: str
    from_version: str | None
    to_version: str | None
    steps: list[str] = Field(default_factory=list)
    failed: str = ""
    differences: list[str] = Field(default_factory=list)
    cosmetic: list[str] = Field(default_factory=list)
    compared: bool = False
    rows_at_risk: list[RowsAtRisk] = Field(default_factory=list)
    locks: list[Lock] = Field(default_factory=list)
    statements: list[str] = Field(default_factory=list)
    clone_s: float = 0.0
    steps_s: float = 0.0
    at: datetime

    @property
    def works(self) -> bool:
        """Whether the steps can be believed: all ran, and landed where they should."""
        return not self.failed and not self.differences

    @property
    def rows(self) -> int:
        """All rows at risk together."""
        return sum(entry.rows for entry in self.rows_at_risk)
