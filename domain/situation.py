"""All a decision rests on; kept in the journal, so that it can be explained later."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from domain.attempts import Attempt
from domain.database.study import Study
from domain.policy import Policy
from domain.release import Release, Survey
from domain.request import Request
from domain.rollout import Terms
from domain.triggers.rule import Trigger


class Situation(BaseModel):
    """What was asked, seen and known.

    Attributes:
        releases: the recorded ones, newest first.
        past_s: how long past rollbacks of this application took, in seconds.
        recent: what was tried lately, newest first.
        standby: whether the target can be looked at before the switch.
        aligns: whether something besides the router names the active slot.
        study: what was seen of the database; None for the runbooks that leave it alone.
        triggers: the rules over the signals that fired, with `pauses`: signal -> seconds between two of its samples. Only in
            records of older versions: now the request's `basis` has the one rule that fired.
        flag: the feature that is turned off first (`flag:NAME`); None where no runbook asks for it.
        restarts: whether what serves can be restarted in place; `rolling`: whether others of its release serve meanwhile.
        grain: the router gives shares in steps of so many per cent; None where it cannot share traffic out.
        deploy: what a deploy rests on beside the survey; None for all other runbooks.
        half: the release that a deploy left half-way in the place of the one that serves; None where none did.
    """

    model_config = ConfigDict(frozen=True)

    request: Request
    survey: Survey
    releases: list[Release]
    policy: Policy
    past_s: list[float] = []
    recent: list[Attempt] = []
    standby: bool = True
    aligns: bool = False
    study: Study | None = None
    flag: str | None = None
    restarts: bool = False
    rolling: bool = False
    grain: int | None = None
    deploy: Terms | None = None
    half: str | None = None
    triggers: list[Trigger] = []
    pauses: dict[str, float] = {}
