"""The terms of a deploy: what the platform and the settings offer, what its migrations would do, and what the plan keeps of it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from domain.policy import Consent


class Upward(BaseModel):
    """A release's migrations, tried on a clone of the database: up, then down again. Nothing of it where none is pending.

    Attributes:
        before: the schema's version now.
        pending: the versions that it brings, oldest first.
        failed: what the way up failed with; empty where it ran.
        breaks: what the serving release may need, and would be gone: a table, a column.
        no_way_down: why there is none; empty where the steps down ran and led to the schema as it is now.
    """

    model_config = ConfigDict(frozen=True)

    before: str | None = None
    pending: list[str] = []
    failed: str = ""
    breaks: list[str] = []
    no_way_down: str = ""

    @property
    def said(self) -> str:
        """In one line."""
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


class Terms(BaseModel):
    """What a deploy rests on beside the survey.

    Attributes:
        installs: whether a release can be put into an idle slot here.
        steps: the shares the router can give, in per cent.
        consent: whose yes every deploy needs.
        backup: whether the database is backed up first.
        upward: None where the application has no database with migrations.
    """

    model_config = ConfigDict(frozen=True)

    installs: bool
    steps: list[int]
    consent: Consent = Field(default_factory=lambda: Consent(people=0))
    backup: bool = False
    upward: Upward | None = None


class Rollout(BaseModel):
    """What a plan keeps of it: how traffic is shifted, and the schema that the way back finds.

    Attributes:
        steps: per cent of the traffic, rising to 100.
        installs: False where the slot holds the release already.
        schema_before: None where there is no database.
        migrations: the versions that are applied first.
        backup: whether the database is backed up before.
    """

    model_config = ConfigDict(frozen=True)

    steps: list[int]
    installs: bool
    schema_before: str | None = None
    migrations: list[str] = []
    backup: bool = False
