"""What a swap did, and what was written to the database that was swapped out."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Swapped(BaseModel):
    """Two databases that changed names.

    Attributes:
        kept: the name that the database which served has now; empty where there was none.
        outage_s: seconds in which the application could not connect.
        changed: False where it had been swapped before, and nothing was left to do.
        not_copied: settings of the old database that only a superuser may give the new one; names.
    """

    model_config = ConfigDict(frozen=True)

    kept: str
    outage_s: float = 0.0
    changed: bool = True
    not_copied: list[str] = Field(default_factory=list)


class Written(BaseModel):
    """Rows of one table that differ between two databases, exported.

    Attributes:
        table: `schema.table`.
        inserted, changed, deleted: rows, as seen from the older database.
        file: the CSV they were exported to; empty where they were only counted.
    """

    model_config = ConfigDict(frozen=True)

    table: str
    inserted: int = 0
    changed: int = 0
    deleted: int = 0
    file: str = ""
