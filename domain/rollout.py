"""The terms of a deploy: what the platform and the settings offer, what its migrations would do, and what the plan keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.policy import AtDeadline, Consent
from domain.shares import WHOLE


class Upward(BaseModel):
    """A release's migrations, tried on a clone of the database: up, then down again. Nothing of it where none is pending.

    Attributes:
        before: the schema's version now.
        pending: the versions that it brings, oldest first.
        failed: what the way up failed with; empty where it ran.
        untried: why a dry run did not try them; empty in every other.
        breaks: what the serving release may need, and would be gone: a table, a column.
        no_way_down: why there is none; empty where the steps down ran and led to the schema as it is now.
    """

    model_config = ConfigDict(frozen=True)

    before: str | None = None
    pending: list[str] = []
    failed: str = ""
    untried: str = ""
    breaks: list[str] = []
    no_way_down: str = ""

    @property
    def said(self) -> str:
        """In one line."""
        if self.untried:
            return f"its migrations were not rehearsed: {self.untried}; the deploy does so before it asks or changes anything"
        if not self.pending:
            return f"no migration; schema {self.before or 'not recorded'} stays"
        down = (
            f"no way down: {self.no_way_down}"
            if self.no_way_down
            else "up and down again were tried on a clone"
        )
        return f"migrations {', '.join(self.pending)} on schema {self.before or 'not recorded'}; {down}"

    @property
    def risks(self) -> list[str]:
        """What somebody must agree to."""
        missing = [f"there is no way down again: {self.no_way_down}"] if self.no_way_down else []
        return [*missing, *(f"the release that serves may need what goes: {what}" for what in self.breaks)]


class Place(BaseModel):
    """Where a new release comes on a platform without a standby.

    Attributes:
        slot: what it will serve from; None where it can be put nowhere.
        why_none: why, there.
        no_way_back: why nobody could go back to the release that serves now; empty where one can.
        unasked: whether the settings let a release be deployed that nobody could look at, without asking for that.
    """

    model_config = ConfigDict(frozen=True)

    slot: str | None = None
    why_none: str = ""
    no_way_back: str = ""
    unasked: bool = False


class Gate(BaseModel):
    """A share after whose analysis a person is asked.

    Attributes:
        share: per cent of the traffic that the new release has.
        said: what the analysis saw, with its numbers.
        at: when the analysis ended.
    """

    model_config = ConfigDict(frozen=True)

    share: int
    said: str
    at: datetime


class Terms(BaseModel):
    """What a deploy rests on beside the survey.

    Attributes:
        installs: whether a release can be put into an idle slot here.
        steps: the shares the router can give, in per cent.
        consent: whose yes every deploy needs.
        gates: the shares after whose analysis a person says yes before more follows, as the settings name them.
        backup: whether the database is backed up first.
        upward: None where the application has no database with migrations.
        place: None where the new release comes into an idle slot.
        difference: what the new release brings, as the platform tells it, the summary first.
    """

    model_config = ConfigDict(frozen=True)

    installs: bool
    steps: list[int]
    consent: Consent = Field(default_factory=lambda: Consent(people=0))
    gates: list[int] = []
    backup: bool = False
    upward: Upward | None = None
    place: Place | None = None
    difference: list[str] = []


class Rollout(BaseModel):
    """What a plan keeps of it: how traffic is shifted, and the schema that the way back finds.

    Attributes:
        steps: per cent of the traffic, rising to 100.
        installs: False where the slot holds the release already.
        schema_before: None where there is no database.
        migrations: the versions that are applied first.
        breaks: what the serving release may need, and they take away.
        backup: whether the database is backed up before.
        in_place: whether it takes the place of the release before, which nobody can compare it with any more.
        difference: what it brings, as the platform tells it, the summary first.
        gates: the steps after which a person is asked.
        keeper: whose yes each gate needs; None where there is none.
        gate: the one that is asked about; None in the deploy's own plan.
    """

    model_config = ConfigDict(frozen=True)

    steps: list[int]
    installs: bool
    schema_before: str | None = None
    migrations: list[str] = []
    breaks: list[str] = []
    backup: bool = False
    in_place: bool = False
    difference: list[str] = []
    gates: list[int] = []
    keeper: Consent | None = None
    gate: Gate | None = None


def keeper(consent: Consent) -> Consent:
    """Whose yes a gate needs: those who are asked about the deploy, at least one. Silence never gives more traffic."""
    late = AtDeadline.REJECT if consent.at_deadline is AtDeadline.APPROVE else consent.at_deadline
    return consent.model_copy(
        update={"people": max(1, consent.people), "when_automatic": True, "at_deadline": late}
    )


def gates_of(wanted: Iterable[int], steps: Sequence[int]) -> list[int]:
    """The steps that have a gate: the first that gives at least the share wanted. None where that is all traffic."""
    found = {min((step for step in steps if step >= gate), default=WHOLE) for gate in wanted}
    return sorted(found - {WHOLE})
