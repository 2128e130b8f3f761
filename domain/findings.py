"""Findings: observed facts with a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Verdict(StrEnum):
    """No data is neither ok nor bad: it never proves health, and never triggers a rollback."""

    OK = "ok"
    BAD = "bad"
    NO_DATA = "no data"


class Finding(BaseModel):
    """One observed fact.

    Attributes:
        name: the signal's name, e.g. `health`.
        on: where it was looked at: a slot's name, or `router`.
        said: what was seen, one line for a person.
        symptom: the same in a few comparable words (`http 503`, `refused`); empty when ok. Two releases fail in the
            same way when they share a symptom under the same name.
        value, unit: the measured number where there is one; seconds are `s`, shares `%`.
        lowest, highest: where several things were measured, of which `value` is the worst.
        version: the release that answered, where it says so.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    on: str
    verdict: Verdict
    said: str
    symptom: str = ""
    value: float | None = None
    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    version: str | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @field_validator("value", "lowest", "highest")
    @classmethod
    def _only_numbers(cls, value: float | None) -> float | None:
        """What is no number (0/0, an overflow) is no value: JSON, and the journal, have no word for it."""
        return value if value is None or isfinite(value) else None

    def nearest(self, *, below: bool) -> float | None:
        """What a limit is held against: the lowest of what was measured where it is one `below`, else the highest."""
        found = self.lowest if below else self.highest
        return self.value if found is None else found

    @property
    def ok(self) -> bool:
        """True for the verdict ok only."""
        return self.verdict is Verdict.OK

    @property
    def bad(self) -> bool:
        """True for the verdict bad only."""
        return self.verdict is Verdict.BAD


def all_ok(findings: Iterable[Finding]) -> bool:
    """True where there is at least one finding and each is ok: nothing seen proves nothing."""
    seen = list(findings)
    return bool(seen) and all(finding.ok for finding in seen)


def fails_alike(ours: Iterable[Finding], theirs: Iterable[Finding]) -> list[str]:
    """What both sides suffer from, as `name: symptom`; empty where they share no bad symptom."""
    mine = {(finding.name, finding.symptom) for finding in ours if finding.bad and finding.symptom}
    shared = mine & {(finding.name, finding.symptom) for finding in theirs if finding.bad}
    return sorted(f"{name}: {symptom}" for name, symptom in shared)


def summary(findings: Iterable[Finding]) -> str:
    """One line: the findings that are not ok, or that all are."""
    trouble = [f"{finding.name} on {finding.on}: {finding.said}" for finding in findings if not finding.ok]
    return "; ".join(trouble) or "all ok"
