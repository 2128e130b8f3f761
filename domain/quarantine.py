"""Quarantine: a release that was rolled back from gets no traffic until a person lifts it, and what they confirm then."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.release import Release


class Confirmation(BaseModel):
    """One row of FlappyJournal's "Re-deployment Checklist". `key`: as `--confirm` takes it; `text`: the runbook's words."""

    model_config = ConfigDict(frozen=True)

    key: str
    text: str


REDEPLOYMENT: tuple[Confirmation, ...] = (
    Confirmation(key="resolution", text="Issue Resolution: Root cause fixed and tested"),
    Confirmation(key="review", text="Code Review: Changes peer reviewed"),
    Confirmation(key="testing", text="Testing: All tests pass including new regression tests"),
    Confirmation(key="staging", text="Staging: Full validation on staging environment"),
    Confirmation(key="documentation", text="Documentation: Updated deployment and rollback procedures"),
    Confirmation(key="monitoring", text="Monitoring: Enhanced monitoring for previous failure points"),
    Confirmation(key="communication", text="Communication: Team aware of re-deployment plan"),
)


class Lift(BaseModel):
    """A release that was taken out of quarantine.

    Attributes:
        incident: the one that rolled back from it.
        by: who said yes, `name@host`.
        answers: key of `REDEPLOYMENT` -> yes.
        note: what they added; empty where nothing.
    """

    model_config = ConfigDict(frozen=True)

    application: str
    release: str
    incident: str
    by: str
    answers: dict[str, bool]
    note: str = ""
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def refused(releases: Iterable[Release], version: str | None) -> str:
    """Why this release must not get traffic, with its incident, the report and how to lift it; empty where it may.

    The one rule, for going back (`domain.assess`, `tasks.prepare`) and for deploying.

    Args:
        releases: what is recorded of the application, in any order.
        version: the release that is to get traffic.
    """
    held = next((row for row in releases if row.version == version and row.quarantined_by), None)
    if held is None:
        return ""
    return (
        f"{held.version} is quarantined since incident {held.quarantined_by} (`{report_of(held)}`); "
        f"once it is mended: `{lifting(held.application, held.version)}`"
    )


def report_of(release: Release) -> str:
    """The command that shows the report of the incident that put it there."""
    return shlex.join(["backout", "report", str(release.quarantined_by)])


def lifting(application: str, version: str) -> str:
    """The command that lifts it."""
    return shlex.join(["backout", "quarantine", "lift", application, version])


def unknown(keys: Iterable[str]) -> list[str]:
    """The keys that are no row of the checklist."""
    known = {row.key for row in REDEPLOYMENT}
    return [key for key in keys if key not in known]


def missing(answers: Mapping[str, bool]) -> Sequence[Confirmation]:
    """The rows that nobody has said yes to, in their order."""
    return [row for row in REDEPLOYMENT if not answers.get(row.key)]
