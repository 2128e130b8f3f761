"""What a person says about the database when they start one of its runbooks."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class DataState(StrEnum):
    """What became of the data."""

    INTACT = "intact"
    CORRUPTED = "corrupted"
    LOST = "lost"


class Condition(StrEnum):
    """The only four reasons to put a backup in the place of live data (Jarvis "When to Rollback Database")."""

    CORRUPTION = "data corruption occurred"
    SERVICE_FAILURE = "migration caused service failure"
    BROKEN_APPLICATION = "schema changes broke application"
    DATA_LOSS = "data loss detected"


OF_STATE = {DataState.CORRUPTED: Condition.CORRUPTION, DataState.LOST: Condition.DATA_LOSS}
"""The condition that each state of the data is; intact data is none."""


class Wish(BaseModel):
    """What was asked of the database.

    Attributes:
        data: what the person saw of the data; None lets the findings say it.
        condition: why a backup may be put in the place of live data.
        backup: the backup's name; None takes the newest that fits.
        schema_version: the version to go down to.
        kept: the database that an earlier swap kept, to be swapped back.
        accept_data_loss: how many rows the person agreed to lose, beforehand.
    """

    model_config = ConfigDict(frozen=True)

    data: DataState | None = None
    condition: Condition | None = None
    backup: str | None = None
    schema_version: str | None = None
    kept: str | None = None
    accept_data_loss: int | None = Field(default=None, ge=0)
