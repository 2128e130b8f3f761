"""What is done to the database, and what else could be."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.database.rehearsal import Lock, RowsAtRisk


class Action(StrEnum):
    """The ways to bring a database to what a release needs."""

    NONE = "none needed"
    DOWN = "down-migrate"
    RESTORE = "restore"
    SWAP_BACK = "swap back"
    HOLD = "hold"


class Order(StrEnum):
    """Whether the schema goes before the code."""

    CODE_ONLY = "code only"
    SCHEMA_FIRST = "schema, then code"
    SCHEMA_ONLY = "schema only"


class Option(BaseModel):
    """One way, and what it would cost.

    Attributes:
        possible: whether it may be chosen.
        why: the reason it may, or may not; one line.
        statements: the SQL, exactly, one entry a step; empty where the tool does not show it.
        seconds: estimated, from what was rehearsed; None where nothing was.
        rows: what would be lost, or be missing in the restored database.
    """

    model_config = ConfigDict(frozen=True)

    action: Action
    possible: bool
    why: str
    statements: list[str] = Field(default_factory=list)
    locks: list[Lock] = Field(default_factory=list)
    seconds: float | None = None
    rows: list[RowsAtRisk] = Field(default_factory=list)


def counted(rows: int) -> str:
    """`1 row`, `12 rows`."""
    return f"{rows} row{'' if rows == 1 else 's'}"


class DatabasePlan(BaseModel):
    """What is done to the database.

    Attributes:
        action: the option that was chosen.
        from_version, to_version: of the schema.
        options: all that were weighed, the chosen one among them.
        backup: what is restored.
        beside: the database that is swapped in.
    """

    model_config = ConfigDict(frozen=True)

    action: Action
    order: Order
    from_version: str | None = None
    to_version: str | None = None
    options: list[Option] = Field(default_factory=list)
    backup: str | None = None
    beside: str | None = None

    @property
    def chosen(self) -> Option:
        """The option that is carried out."""
        return next(option for option in self.options if option.action is self.action)

    @property
    def acts(self) -> bool:
        """Whether the database is changed."""
        return self.action not in (Action.NONE, Action.HOLD)

    @property
    def rows(self) -> int:
        """Rows that the chosen way loses, or takes out of the live database."""
        return sum(entry.rows for entry in self.chosen.rows) if self.acts else 0

    @property
    def at_risk(self) -> list[str]:
        """The same in words, one line a table."""
        return [
            f"{counted(row.rows)} of {row.table}: {row.what}"
            for row in (self.chosen.rows if self.acts else [])
            if row.rows
        ]
