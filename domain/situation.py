"""All a decision rests on; kept in the journal, so that it can be explained later."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from domain.attempts import Attempt
from domain.database.study import Study
from domain.policy import Policy
from domain.release import Release, Survey
from domain.request import Request


class Situation(BaseModel):
    """What was asked, seen and known.

    Attributes:
        releases: the recorded ones, newest first.
        past_s: how long past rollbacks of this application took, in seconds.
        recent: what was tried lately, newest first.
        study: what was seen of the database; None for the runbooks that leave it alone.
    """

    model_config = ConfigDict(frozen=True)

    request: Request
    survey: Survey
    releases: list[Release]
    policy: Policy
    past_s: list[float] = []
    recent: list[Attempt] = []
    standby: bool = True
    study: Study | None = None
