"""A canary's step: is the new release worse than the one that serves, asked at the same time, in the same number?

Errors and slow answers are counted on both sides, and compared by Fisher's exact test: it holds for twenty requests as for
two thousand, and needs no assumption about how long answers take. Pure: no clock, no I/O.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from domain.findings import Verdict
from domain.shares import WHOLE

SLOWEST = 0.95
"""What is called p95."""


NO_DATA_WITHIN = "no data within"
"""How the judgement of a step begins that ended without data: it says nothing of the release."""


class Limits(BaseModel):
    """From when on a new release is worse than the one that serves.

    Attributes:
        errors_above: percentage points of failed requests above the serving release's (NotesHub "Key Metrics" 1: 1 % warns).
        errors_at_most: per cent; with more of them on both sides nothing can be compared (NotesHub "Rollback Triggers" 1: 10 %).
        slower_by: per cent; an answer is slow from this much above the serving release's p95 (Aldeia step 1: > 50 %).
        slower_by_s: seconds that it must be slower at least: below that it is the machine's noise.
        slow_above: percentage points of slow requests above the serving release's.
        doubt: how likely a difference may be chance and still count as one. A step looks many times, so it is small.
        requests: of each slot, before a step can be good.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    errors_above: float = Field(default=1.0, ge=0, le=100)
    errors_at_most: float = Field(default=10.0, gt=0, le=100)
    slower_by: float = Field(default=50.0, ge=0)
    slower_by_s: float = Field(default=0.1, ge=0)
    slow_above: float = Field(default=10.0, ge=0, le=100)
    doubt: float = Field(default=0.001, gt=0, lt=0.5)
    requests: int = Field(default=20, ge=1, le=100_000)


@dataclass
class Sampled:
    """The requests sent to one slot since the step began. `seconds`: of those that were answered, or timed out."""

    requests: int = 0
    errors: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, requests: int, errors: int, seconds: Iterable[float]) -> None:
        """Some more."""
        self.requests += requests
        self.errors += errors
        self.seconds += seconds

    @property
    def error_rate(self) -> float:
        """Per cent; 0 where nothing was sent."""
        return WHOLE * self.errors / self.requests if self.requests else 0.0


class Judgement(BaseModel):
    """What a step's samples say, and why in one line with its numbers. No data decides nothing: the step waits."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    said: str


@dataclass(frozen=True)
class _Worse:
    """In what it is worse, and how likely that is by chance."""

    said: str
    likely: float


def judge(new: Sampled, old: Sampled, limits: Limits) -> Judgement:
    """Bad where the new release is surely worse; ok where enough was seen, and it is within the limits; else no data.

    What is worse and may be chance is no data either: the step goes on until one or the other shows.
    """
    worse = [found for found in (_more_errors(new, old, limits), _slower(new, old, limits)) if found]
    if sure := [found.said for found in worse if found.likely <= limits.doubt]:
        return Judgement(verdict=Verdict.BAD, said="; ".join(sure))
    lacking = _lacking(new, old, limits)
    if lacking or worse:
        return Judgement(
            verdict=Verdict.NO_DATA, said=lacking or f"{worse[0].said}: more is needed to be sure"
        )
    said = f"{_errors(new)} failed (serving: {_errors(old)}), p95 {p95(new.seconds):.3f} s (serving: {p95(old.seconds):.3f} s)"
    return Judgement(verdict=Verdict.OK, said=said)


def p95(seconds: Sequence[float]) -> float:
    """What 95 of 100 took at most; 0 where there are none."""
    ranked = sorted(seconds)
    return ranked[math.ceil(SLOWEST * len(ranked)) - 1] if ranked else 0.0


def chance(bad_new: int, new: int, bad_old: int, old: int) -> float:
    """How likely at least so many of the bad ones fall on the new side by chance alone: Fisher's exact test, one side."""
    bad, drawn = bad_new + bad_old, math.comb(new + old, new)
    ways = sum(
        math.comb(bad, hits) * math.comb(new + old - bad, new - hits)
        for hits in range(bad_new, min(bad, new) + 1)
    )
    return ways / drawn


def steps_of(wanted: Iterable[int], grain: int | None) -> list[int]:
    """The shares that the router can give, in per cent, rising and each once; all at once where it has no weights."""
    if grain is None:
        return [WHOLE]
    rounded = {min(WHOLE, math.ceil(step / grain) * grain) for step in wanted}
    return sorted({*rounded, WHOLE})


def _more_errors(new: Sampled, old: Sampled, limits: Limits) -> _Worse | None:
    if not new.requests or new.error_rate - old.error_rate <= limits.errors_above:
        return None
    likely = chance(new.errors, new.requests, old.errors, old.requests)
    return _Worse(f"{_errors(new)} failed, of the serving release {_errors(old)}", likely)


def _slower(new: Sampled, old: Sampled, limits: Limits) -> _Worse | None:
    """Slow is what takes longer than nearly all of the serving release's answers, and clearly so."""
    if not new.seconds or not old.seconds:
        return None
    limit = max(p95(old.seconds) * (1 + limits.slower_by / WHOLE), p95(old.seconds) + limits.slower_by_s)
    slow_new, slow_old = (sum(took > limit for took in side.seconds) for side in (new, old))
    above = WHOLE * (slow_new / len(new.seconds) - slow_old / len(old.seconds))
    likely = chance(slow_new, len(new.seconds), slow_old, len(old.seconds))
    if above <= limits.slow_above:
        return None
    said = (
        f"{slow_new} of {len(new.seconds)} took more than {limit:.3f} s, of the serving release {slow_old} of"
        f" {len(old.seconds)} (p95 {p95(new.seconds):.3f} s and {p95(old.seconds):.3f} s)"
    )
    return _Worse(said, likely)


def _lacking(new: Sampled, old: Sampled, limits: Limits) -> str:
    """Why nothing can be said yet; empty where it can."""
    if min(new.requests, old.requests) < limits.requests:
        return f"{new.requests} and {old.requests} requests were sent, {limits.requests} of each are needed"
    if min(new.error_rate, old.error_rate) > limits.errors_at_most:
        return f"{_errors(new)} failed, and of the serving release {_errors(old)}: neither can be compared"
    return ""


def _errors(side: Sampled) -> str:
    return f"{side.errors} of {side.requests} requests ({side.error_rate:.1f} %)"
