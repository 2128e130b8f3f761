"""What an alert, or a fired trigger, leads to: by the application's policy and by what was started before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.alert import Status
from domain.policy import Action, Policy


class Reaction(StrEnum):
    """What the policy calls for; each has an automation of its own. The run decides again, by the policy of its time."""

    START = "start"
    ASK = "ask"
    NOTE = "note"


class Result(StrEnum):
    """What became of one alert, or of one trigger that fired."""

    STARTED = "started"  # a run, by an automation
    GROUPED = "grouped"  # noted in the incident that is open, or that opens now
    COOLING = "cooling"  # a run was started a short while ago
    CAPPED = "capped"  # as many runs as a day may have
    NOTED = "noted"  # its severity starts nothing
    RESOLVED = "resolved"
    REPEATED = "repeated"  # it was sent before
    UNKNOWN = "unknown"  # no application is known for it
    ASIDE = "aside"  # Prefect refuses its event for good


AGAIN = (Result.COOLING, Result.CAPPED, Result.NOTED)
"""What an alert that is sent again, since it still fires, may rise from."""


@dataclass(frozen=True)
class Before:
    """What happened to the application before this alert or trigger.

    Attributes:
        incident: one is open.
        gives_way: it waits for people, and what is critical goes before it.
        seconds: since the last one that started a run, of an incident that gives way since it was opened; None where there
            was none. Before one that is urgent only those count that were as urgent.
        today: runs that alerts and triggers started in the last 24 hours.
    """

    incident: bool
    seconds: float | None
    today: int
    gives_way: bool = False


@dataclass(frozen=True)
class Limits:
    """Of the application's document, `alerts`.

    Attributes:
        cool_down_s: seconds between two starts.
        per_day: starts in 24 hours.
    """

    cool_down_s: float
    per_day: int


OPENING_S = 30.0
"""Seconds that a run may take to open its incident: what comes meanwhile belongs to it, not to the cool-down."""


def reaction(policy: Policy, issue: str | None) -> Reaction:
    """What the policy calls for where nobody chose the severity."""
    rule = policy.rules[policy.severity_of(issue)]
    if rule.action is Action.NEXT_RELEASE:
        return Reaction.NOTE
    asks = rule.action is Action.HOTFIX_FIRST or (rule.consent.people and rule.consent.when_automatic)
    return Reaction.ASK if asks else Reaction.START


def result(
    status: Status, wanted: Reaction, before: Before, limits: Limits, *, urgent: bool = False
) -> Result:
    """What becomes of an alert or a trigger: one incident a storm, a pause between two starts, so many starts a day.

    `urgent`: critical, and nobody is asked: it does not wait behind an incident that waits for people, and `before` holds
    only starts that were as urgent.
    """
    if status is Status.RESOLVED:
        return Result.RESOLVED
    if before.incident and not (before.gives_way and urgent):
        return Result.GROUPED
    if wanted is Reaction.NOTE:
        return Result.NOTED
    if before.seconds is not None and before.seconds < min(OPENING_S, limits.cool_down_s):
        return Result.GROUPED
    if before.seconds is not None and before.seconds < limits.cool_down_s:
        return Result.COOLING
    return Result.CAPPED if before.today >= limits.per_day else Result.STARTED
