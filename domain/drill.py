"""A drill: what it measures, what it must keep, and how it is judged beside the drills before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from domain.names import ApplicationName
from domain.outcomes import Outcome
from domain.request import Request

PRODUCTION = frozenset({"prod", "prd", "production", "live"})
PHASES = ("detect", "decide", "switch", "verify")
UNMOVED = PHASES[:2]
"""Those of an incident that ends without a switch."""

LOOKS_BACK = 5
"""The drills before that a drill is compared with."""

NOISE_S = 5.0
"""Seconds that one drill may take longer than another for no reason."""


def is_production(application: str, *, said: bool | None = None) -> bool:
    """Whether a drill must be asked for by name: as `drill.production` says, else by a part of the environment's name."""
    environment = application.rpartition("/")[2]
    return not PRODUCTION.isdisjoint(environment.split("-")) if said is None else said


class Objectives(BaseModel):
    """What a drill must keep to pass; seconds, None where nothing is promised.

    Attributes:
        detect_s: from the injected fault to the finding that fired the trigger.
        decide_s: from there to the decision; the time people were asked is in it.
        switch_s: from the decision to the moved traffic.
        verify_s: from there to verified traffic.
        total_s: from the injected fault to verified traffic; None takes the RTO of the incident's severity.
        lost: requests without an answer, over the whole drill.
        slower: how many times longer than the median of the drills before; more is a regression.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    detect_s: float | None = Field(default=None, gt=0)
    decide_s: float | None = Field(default=None, gt=0)
    switch_s: float | None = Field(default=None, gt=0)
    verify_s: float | None = Field(default=None, gt=0)
    total_s: float | None = Field(default=None, gt=0)
    lost: int | None = Field(default=None, ge=0)
    slower: float = Field(default=2.0, gt=1)


class Figures(BaseModel):
    """What a drill measured; seconds, None where it did not come to that.

    Attributes:
        waited_s: of `decide_s`, and so of the total, what people took to answer; 0 where nobody was asked.
        rto_s: the RTO of the incident's severity.
        requests, errors, lost: of the probe: sent; answered with 5xx; without an answer.
        rows_at_risk: rows that are newer than the restored backup; None where none was restored.
        restore_s: what the restore took.
    """

    model_config = ConfigDict(frozen=True)

    detect_s: float | None = None
    decide_s: float | None = None
    switch_s: float | None = None
    verify_s: float | None = None
    total_s: float | None = None
    waited_s: float = 0.0
    rto_s: float | None = None
    requests: int = 0
    errors: int = 0
    lost: int = 0
    rows_at_risk: int | None = None
    restore_s: float | None = None

    def phase(self, name: str) -> float | None:
        """Seconds of one of `PHASES`."""
        found: float | None = getattr(self, f"{name}_s")
        return found


class Item(BaseModel):
    """One line of the runbook's checklist. `done` is None where it was not seen."""

    model_config = ConfigDict(frozen=True)

    name: str
    done: bool | None
    said: str


class Drill(BaseModel):
    """One drill, kept for the trend.

    Attributes:
        run: the run that it belongs to; one that was killed is started again under the same id.
        by: who asked for it; `via` which way.
        step: what it does now, or did last.
        until: when it is dead, if it still is open.
        release: the test release that was deployed; None where the serving one was broken.
        slot: the slot that was broken.
        beside: the database that its backup is restored into.
        ends: how its incident must end.
        problems: why it failed; empty where it passed.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    application: ApplicationName
    run: str
    fault: str
    by: str = ""
    via: str = "cli"
    reason: str = ""
    started_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    until: datetime
    ended_at: datetime | None = None
    step: str = "begin"
    release: str | None = None
    slot: str | None = None
    incident: str | None = None
    outcome: Outcome | None = None
    ends: Outcome = Outcome.ROLLED_BACK
    injected_at: datetime | None = None
    beside: str | None = None
    figures: Figures = Figures()
    checklist: list[Item] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)
    report: str | None = None

    @property
    def passed(self) -> bool:
        """Whether it came to its end, and kept all that was promised."""
        return self.ended_at is not None and not self.problems and self.outcome is self.ends

    @property
    def phases(self) -> Sequence[str]:
        """Those that it must come through."""
        return PHASES if self.ends is Outcome.ROLLED_BACK else UNMOVED

    def awaits(self, request: Request, now: datetime, *, gives_way: bool = False) -> bool:
        """Whether this request is what it waits for: a trigger's, while it lives, has a slot to break, and no incident yet.

        What a person asks for is never a drill's. `gives_way`: its incident waits for people, and this request goes before it:
        a slow page is seen before health is bad, of one and the same fault.
        """
        waits = self.ended_at is None and self.slot is not None and (self.incident is None or gives_way)
        return waits and now < self.until and request.automatic


def judged(
    figures: Figures, objectives: Objectives, earlier: Sequence[Figures], phases: Sequence[str] = PHASES
) -> list[str]:
    """Why the drill fails, each in a sentence that says where the time went; empty where it passes.

    `earlier`: of drills that passed, with the same fault, newest first. `phases`: those that it must come through.
    """
    unreached = next((name for name in phases if figures.phase(name) is None), None)
    if unreached:
        return [f"it did not come to the end of {unreached}"]
    late = [_late(figures, objectives, name) for name in phases]
    found = [*late, _over(figures, objectives), _regression(figures, objectives, earlier)]
    if objectives.lost is not None and figures.lost > objectives.lost:
        found.append(f"{figures.lost} requests were lost, {objectives.lost} may be")
    return [one for one in found if one]


def slowest(figures: Figures) -> str:
    """The phase that took most of the time."""
    return max(PHASES, key=lambda name: figures.phase(name) or 0.0)


def _late(figures: Figures, objectives: Objectives, name: str) -> str:
    took, most = figures.phase(name) or 0.0, getattr(objectives, f"{name}_s")
    return (
        f"{name} took {took:.1f} s, its objective is {most:g} s" if most is not None and took > most else ""
    )


def _over(figures: Figures, objectives: Objectives) -> str:
    most = objectives.total_s or figures.rto_s
    if most is None or figures.total_s is None or figures.total_s <= most:
        return ""
    where = slowest(figures)
    return (
        f"{figures.total_s:.1f} s from the fault to verified traffic, {most:g} s may be: "
        f"most of it in {where} ({figures.phase(where):.1f} s)"
    )


def _regression(timed: Figures, objectives: Objectives, earlier: Sequence[Figures]) -> str:
    """Without the time that people took to answer: that is no property of the release, nor of Backout."""
    figures, before = _unasked(timed), [_unasked(one) for one in earlier[:LOOKS_BACK]]
    totals = [one.total_s for one in before if one.total_s is not None]
    if not totals or figures.total_s is None:
        return ""
    usual = median(totals)
    if figures.total_s <= usual * objectives.slower or figures.total_s - usual <= NOISE_S:
        return ""
    grown = {name: (figures.phase(name) or 0.0) - _usual(before, name) for name in PHASES}
    where = max(grown, key=lambda name: grown[name])
    return (
        f"{figures.total_s:.1f} s, where {usual:.1f} s is usual: most of the difference in {where} "
        f"({figures.phase(where):.1f} s, {_usual(before, where):.1f} s before)"
    )


def _unasked(figures: Figures) -> Figures:
    """As it would have been had nobody been asked."""
    taken = {"decide_s": figures.decide_s, "total_s": figures.total_s}
    left = {name: took and max(0.0, took - figures.waited_s) for name, took in taken.items()}
    return figures.model_copy(update={**left, "waited_s": 0.0})


def _usual(earlier: Sequence[Figures], name: str) -> float:
    return median([one.phase(name) or 0.0 for one in earlier])
