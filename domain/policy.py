"""Policies: what each severity calls for, and which severity an issue has."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.follow_up import FollowUps
from domain.request import Kind
from domain.severity import Severity


class Action(StrEnum):
    """What a severity calls for before anybody is asked."""

    ROLL_BACK = "roll back"
    HOTFIX_FIRST = "hotfix first"
    NEXT_RELEASE = "next release"


class AtDeadline(StrEnum):
    """What happens when nobody answered. A plan that loses data is never approved by a deadline."""

    REJECT = "reject"
    APPROVE = "approve"
    ESCALATE = "escalate"


class Consent(BaseModel):
    """Whose yes a rollback needs.

    Attributes:
        people: how many different people; 0 asks nobody.
        approvers: whose answer counts: roles or names of `contacts` that have `identities`. Empty: whoever proves who they are.
        when_automatic: whether a run that a trigger started asks too.
        deadline_s: seconds until `at_deadline`; never more than the severity's RTO.
        at_deadline: what happens where nobody answered; never `approve` where something is at risk. `escalate` calls the
            `contacts`, one after the other, each with `deadline_s` to answer, and rejects at the end of the path.
        self_declared: whether a name typed into Prefect's form is believed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: int = Field(default=1, ge=0, le=2)
    approvers: list[str] = Field(default_factory=list)
    when_automatic: bool = True
    deadline_s: int = Field(default=300, gt=0)
    at_deadline: AtDeadline = AtDeadline.REJECT
    self_declared: bool = True


class ConsentChange(BaseModel):
    """What an environment changes in the consent of a severity. Each key as in Consent; one that is left out stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: int = Field(default=1, ge=0, le=2)
    approvers: list[str] = Field(default_factory=list)
    when_automatic: bool = True
    deadline_s: int = Field(default=300, gt=0)
    at_deadline: AtDeadline = AtDeadline.REJECT
    self_declared: bool = True

    def laid_over(self, consent: Consent) -> Consent:
        """The consent with the keys that were written down."""
        return consent.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


class Rule(BaseModel):
    """What one severity calls for.

    Attributes:
        action: what it calls for before anybody is asked.
        rto_s: seconds from the first finding to verified traffic.
        consent: whose yes it needs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action
    rto_s: int = Field(gt=0)
    consent: Consent

    @property
    def deadline_s(self) -> int:
        """Seconds an approval may take: no approval outlasts its RTO."""
        return min(self.consent.deadline_s, self.rto_s)


class Issue(BaseModel):
    """One row of a decision matrix, with where it is written.

    Attributes:
        name: the issue, as the form and the trigger name it.
        source: the runbook and its section.
        rto_s: seconds, where this issue has a time of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    severity: Severity
    source: str
    rto_s: int | None = Field(default=None, gt=0)


class Span(StrEnum):
    """What a budget times. `act` and `run` leave out the time spent waiting for people."""

    COMPLETE = "detection to verified"
    RUN = "start to verified"
    ACT = "start to switched"
    VERIFY = "switched to verified"
    ANNOUNCE = "start to first message"


class Budget(BaseModel):
    """A time a runbook promises, with where it is written.

    Attributes:
        name: what the report calls it.
        seconds: the promise.
        source: the runbook and its section.
        span: from where to where it is measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    seconds: int = Field(gt=0)
    source: str
    span: Span = Span.COMPLETE


Layout = Literal["flappyjournal", "aldeia", "jarvis"]
"""Whose incident report is written."""

MessageLayout = Literal["backout", "flappyjournal", "aldeia", "mvp-011", "noteshub", "jarvis"]
"""Whose message templates are used where the runbook has one for the moment."""


class Policy(BaseModel):
    """The rules of one application.

    Attributes:
        rules: severity -> what it calls for.
        issues: the decision matrix: which severity an issue has.
        budgets: the times that the runbook promises; the report compares them with what was seen.
        watch_s: how long the released traffic is watched after verification, in seconds.
        emergency_watch_s: the same after an emergency, in seconds (NotesHub "Emergency Rollback" 4: 30 minutes).
        unknown_issue: the severity of an issue that no row names.
        report_layout: which runbook's report is written.
        message_layout: which runbook's message templates are used.
        update_every_s: seconds between two updates of an open incident (NotesHub "Communication Protocol" 2: 5 minutes).
        follow_ups: when an incident that rolled back is looked at again, after an hour, a day and a week.
        environments: environment -> severity -> what it changes in that severity's consent: one policy for all environments.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: dict[Severity, Rule]
    issues: list[Issue]
    budgets: list[Budget] = Field(default_factory=list)
    unknown_issue: Severity = Severity.HIGH
    watch_s: int = Field(default=1800, gt=0)
    emergency_watch_s: int = Field(default=1800, gt=0)
    report_layout: Layout = "flappyjournal"
    message_layout: MessageLayout = "backout"
    update_every_s: int = Field(default=300, ge=10)
    follow_ups: FollowUps = Field(default_factory=FollowUps)
    environments: dict[str, dict[Severity, ConsentChange]] = Field(default_factory=dict)

    def of_environment(self, environment: str) -> Policy:
        """This policy with what the environment changes laid over its rules."""
        changes = self.environments.get(environment, {})
        rules = {
            severity: rule.model_copy(update={"consent": changes[severity].laid_over(rule.consent)})
            if severity in changes
            else rule
            for severity, rule in self.rules.items()
        }
        return self.model_copy(update={"rules": rules})

    def watched_s(self, kind: Kind) -> int:
        """Seconds the traffic is watched after a rollback of this kind."""
        return self.emergency_watch_s if kind is Kind.EMERGENCY else self.watch_s

    def issue(self, name: str | None) -> Issue | None:
        """The matrix row of this name, or None."""
        return next((row for row in self.issues if row.name == name), None)

    def severity_of(self, issue: str | None) -> Severity:
        """The row's severity; `unknown_issue` where no row names it."""
        row = self.issue(issue)
        return row.severity if row else self.unknown_issue

    def rto_s(self, severity: Severity, issue: str | None = None) -> int:
        """Seconds: the issue's own RTO where its row has one, else the severity's."""
        row = self.issue(issue)
        return row.rto_s if row and row.rto_s else self.rules[severity].rto_s
