"""An alert as a monitoring system sent it: text from outside, cut and cleaned, never a severity."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from domain.findings import Finding, Verdict

SPACE = uuid.UUID("6f0f3a5e-7a53-5c0e-9d3a-0c1b4f0a5d11")
"""The namespace of the events' ids."""

LONGEST_NAME = 200
LONGEST_SUMMARY = 500
LONGEST_LINK = 2000
MOST_LABELS = 64


def one_line(text: Any, longest: int = LONGEST_NAME) -> str:
    """Text on one line without control letters, cut; PostgreSQL, terminals and logs take all that is left."""
    kept = "".join(
        " " if unicodedata.category(letter).startswith(("C", "Z")) else letter for letter in str(text)
    )
    words = " ".join(kept.split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _cleaned(longest: int) -> BeforeValidator:
    return BeforeValidator(lambda value: one_line(value, longest) if isinstance(value, str) else value)


def _few(value: Any) -> Any:
    """Labels as text; no more than `MOST_LABELS`, the rest is left out."""
    if not isinstance(value, Mapping):
        return value
    kept = sorted((one_line(key), one_line(item)) for key, item in value.items() if item is not None)
    return dict(kept[:MOST_LABELS])


def _web(value: Any) -> Any:
    """A link that a browser may follow; anything else is none."""
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        return None
    link = value.strip()
    return None if len(link) > LONGEST_LINK or one_line(link, LONGEST_LINK) != link or " " in link else link


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is no time of this world") from None


Name = Annotated[str, _cleaned(LONGEST_NAME), Field(min_length=1)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Labels = Annotated[dict[str, str], BeforeValidator(_few)]
Link = Annotated[str | None, BeforeValidator(_web)]


class Status(StrEnum):
    """Whether it still is so."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Alert(BaseModel):
    """One alert of one sender. Every text in it came from outside: whoever shows it escapes it.

    Attributes:
        sender: as `alerts.yaml` names it.
        fingerprint: the same for each report of the same trouble, as the sender sees it.
        application: as the sender says; None where the applications' own rules must tell.
        name: the alert rule's.
        issue: the row of the decision matrix that the sender names; the policy gives its severity.
        summary: one line for people.
        started_at: when the trouble began, as the sender says.
        episode: what the sender calls this one time that it fires; it then stands for `started_at`, which may vary.
        link: where people see more.
        ends_all: it is the end of each time that the trouble began until `started_at`: its sender does not say of which.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sender: Name
    fingerprint: Name
    status: Status = Status.FIRING
    application: Annotated[str | None, _cleaned(LONGEST_NAME)] = None
    name: Name
    issue: Annotated[str | None, _cleaned(LONGEST_NAME)] = None
    summary: Annotated[str, _cleaned(LONGEST_SUMMARY)] = ""
    labels: Labels = Field(default_factory=dict)
    started_at: Moment
    episode: Annotated[str, _cleaned(LONGEST_NAME)] = ""
    link: Link = None
    ends_all: bool = False

    @property
    def event_id(self) -> uuid.UUID:
        """The same for an alert that is sent again: its resolution is another event."""
        one_time = self.episode or self.started_at.isoformat()
        words = (self.sender, self.application or "", self.fingerprint, one_time, self.status)
        return uuid.uuid5(SPACE, "\0".join(words))

    @property
    def end(self) -> Alert:
        """What its sender reports once it is over."""
        return self.model_copy(update={"status": Status.RESOLVED})

    def is_end_of(self, other: Alert) -> bool:
        """Whether it says that the other is over."""
        if self.status is not Status.RESOLVED:
            return False
        mine, others = ((one.sender, one.application, one.fingerprint) for one in (self, other))
        later = self.ends_all and mine == others and self.started_at >= other.started_at
        return later or self.event_id == other.end.event_id

    @property
    def reason(self) -> str:
        """One line: who says what."""
        return f"{self.sender}: {self.name}" + (f": {self.summary}" if self.summary else "")

    def finding(self) -> Finding:
        """The alert as a finding: what its run was started for."""
        return Finding(
            name=self.name,
            on=self.sender,
            verdict=Verdict.BAD if self.status is Status.FIRING else Verdict.OK,
            said=self.summary or self.name,
            at=self.started_at,
        )


class Fired(BaseModel):
    """What the event of a fired trigger says beside what that of an alert does. `rule`: its words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trigger: str
    rule: str


class Received(BaseModel):
    """An alert as the gateway took it in, or a trigger of the watch that fired: it counts as an alert of the watch.

    Attributes:
        application: whose it is; None where nobody knows.
        issue: the row of the matrix, by label or by the application's rules.
        runbook: what starts where the policy lets it.
        problem: why no application was found.
        fired: the trigger; None where a monitoring system sent it.
        urgent: whether it was critical and asked nobody when it was decided on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alert: Alert
    application: str | None = None
    issue: str | None = None
    runbook: str = "rollback"
    problem: str = ""
    fired: Fired | None = None
    urgent: bool = False
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
