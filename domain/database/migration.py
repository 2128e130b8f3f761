"""Migrations: what is applied, and the steps from one version to another."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Direction(StrEnum):
    """Which way a step goes."""

    UP = "up"
    DOWN = "down"


class Step(BaseModel):
    """One migration in one direction.

    Attributes:
        version: as its tool writes it: `0003`, `1711111111`, a revision of Alembic.
        statements: the SQL it runs; empty where the tool does not show it.
        transactional: whether it runs in one transaction, so that a failure leaves nothing.
        source: the file, or the command, it comes from.
    """

    model_config = ConfigDict(frozen=True)

    version: str
    name: str = ""
    direction: Direction
    statements: str = ""
    transactional: bool = True
    source: str = ""


class SchemaStatus(BaseModel):
    """Where a database's schema stands.

    Attributes:
        applied: versions, oldest first.
        pending: versions that are known and not applied, oldest first.
        dirty: the version that broke off half-way; None where none did.
        unknown: applied versions that the migrations' folder does not know.
    """

    model_config = ConfigDict(frozen=True)

    applied: list[str] = Field(default_factory=list)
    pending: list[str] = Field(default_factory=list)
    dirty: str | None = None
    unknown: list[str] = Field(default_factory=list)

    @property
    def version(self) -> str | None:
        """The newest applied version; None where there is none."""
        return self.applied[-1] if self.applied else None


def by_number(version: str) -> list[tuple[int, int, str]]:
    """A sort key that puts 10 after 9, also inside a name."""
    parts = re.findall(r"\d+|\D+", version)
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts]
