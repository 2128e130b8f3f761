"""What a start without a person rested on, besides its findings: with it the decision to start can be made again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.findings import Finding
from domain.triggers.basis import OfWatch


class OfAlert(BaseModel):
    """What the gateway knew when it let an alert start a run.

    Attributes:
        issue: the row of the matrix, by the alert's label or by the application's rules.
        urgent: whether it goes before an incident that waits for people: `domain.urgency`.
        incident, gives_way, seconds, today: as in `domain.reaction.Before`.
        cool_down_s, per_day: as in `domain.reaction.Limits`.
    """

    model_config = ConfigDict(frozen=True)

    of: Literal["alert"] = "alert"
    issue: str | None
    urgent: bool
    incident: bool
    gives_way: bool
    seconds: float | None
    today: int
    cool_down_s: float
    per_day: int


class OfSoak(BaseModel):
    """What the watch after a deploy knew when it started the rollback.

    Attributes:
        incident: the deploy.
        looks: how many in a row saw something bad.
        needed: how many it takes.
        certain: what was seen is trouble by itself: it was restarted, and once more after that was seen.
        said: what was seen in the last of them.
    """

    model_config = ConfigDict(frozen=True)

    of: Literal["soak"] = "soak"
    incident: str
    looks: int
    needed: int
    certain: bool = False
    said: str = ""


Basis = Annotated[OfWatch | OfAlert | OfSoak, Field(discriminator="of")]


class Detection(BaseModel):
    """The findings that start a run, oldest first. `basis`: None in records of older versions."""

    model_config = ConfigDict(frozen=True)

    findings: list[Finding] = []
    basis: Basis | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_older_versions(cls, value: Any) -> Any:
        """They kept the findings alone."""
        return {"findings": value} if isinstance(value, list) else value
