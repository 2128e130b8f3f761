"""The window of a trigger: what it still looks at, and whether it has said so already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from domain.findings import Finding
from domain.triggers.baselines import Baseline, Baselines
from domain.triggers.basis import OfWatch
from domain.triggers.rule import Condition, Level, Trigger
from domain.triggers.series import Rise, Row, Series, Span, Taken

AGAIN = {
    Level.ROLL_BACK: timedelta(minutes=5),
    Level.CRITICAL: timedelta(minutes=30),
    Level.WARNING: timedelta(hours=4),
}
"""While it stays bad a trigger fires again after this long: a rollback that came to nothing must not be the last word."""

HELD = timedelta(seconds=30)
"""The same for what was held back and started nothing."""


def series_of(condition: Condition, pauses: Mapping[str, float], baselines: Baselines) -> Series:
    """An empty series of a condition."""
    if condition.parts:
        parts = [series_of(part, pauses, baselines) for part in condition.parts]
        return Together(condition, parts)
    if condition.failures is not None:
        return Row(condition)
    if condition.rise is not None:
        return Rise(condition, pauses, baselines)
    return Span(condition, pauses)


class Together(Series):
    """Several rules at once: `any` or `all` of them."""

    def __init__(self, condition: Condition, parts: list[Series]) -> None:
        self.enough = all if condition.all else any
        self.parts = parts
        self._holding: list[Series] = []

    def take(self, finding: Finding, now: float, release: str) -> None:
        for part in self.parts:
            part.take(finding, now, release)

    def holds(self, now: float) -> bool:
        holding = [part.holds(now) for part in self.parts]
        self._holding = [part for part, held in zip(self.parts, holding, strict=True) if held]
        return self.enough(holding)

    def taken(self) -> list[Taken]:
        """Of those that hold, each sample once."""
        once = {id(one.finding): one for part in self._holding for one in part.taken()}
        return sorted(once.values(), key=lambda one: one.clock)

    def compared_with(self) -> list[Baseline]:
        return [one for part in self._holding for one in part.compared_with()]

    def said(self) -> str:
        return "; ".join(part.said() for part in self._holding)

    def forget(self) -> None:
        for part in self.parts:
            part.forget()


class Window:
    """A trigger at work.

    What it rests on is offered until `fired()` confirms it, and again after `AGAIN`, or `end_silence()`; sooner where it
    was `held_back()`. All times are seconds on one clock that never jumps, of any beginning: findings' own times are only
    shown.
    """

    def __init__(self, trigger: Trigger, series: Series, pauses: Mapping[str, float]) -> None:
        self.trigger = trigger
        self.series = series
        self.pauses = pauses
        self._fired_at: float | None = None
        self._silent = False
        self._held = False

    @property
    def has_fired(self) -> bool:
        """Whether what goes on now has fired before."""
        return self._fired_at is not None

    def add(self, finding: Finding, now: float, release: str = "") -> list[Finding]:
        """Take one finding in; the samples that make the trigger fire now, else an empty list. `release`: what serves."""
        self.series.take(finding, now, release)
        if not self.series.holds(now):
            self._end()
            return []
        return self.series.evidence() if self._due(now) else []

    def said(self) -> str:
        """What was seen, one line for a person, where it just fired."""
        return self.series.said()

    def basis(self) -> OfWatch:
        """What it rests on besides its samples, where it just fired: enough to decide again from the record."""
        taken = self.series.taken()
        return OfWatch(
            trigger=self.trigger,
            pauses={signal: self.pauses[signal] for signal in self.trigger.signals & self.pauses.keys()},
            clocks=[one.clock for one in taken],
            releases=[one.release for one in taken],
            baselines=self.series.compared_with(),
        )

    def fired(self, now: float) -> None:
        """What the trigger starts was started: it is not offered again before `now` plus `AGAIN`."""
        self._fired_at = now
        self._silent = True
        self._held = False

    def held_back(self, now: float) -> None:
        """It started nothing yet: it is offered again after `HELD`, while it goes on."""
        self.fired(now)
        self._held = True

    def end_silence(self) -> None:
        """What kept the last run from acting may be mended: it is offered again at the next sample."""
        self._silent = False

    def _end(self) -> None:
        """What was is over. A value that wavers about its limit must last as long again before it fires again."""
        if self._fired_at is not None:
            self._fired_at = None
            self.series.forget()

    def _due(self, now: float) -> bool:
        again = HELD if self._held else AGAIN[self.trigger.level]
        return self._fired_at is None or not self._silent or now - self._fired_at >= again.total_seconds()


def window_of(trigger: Trigger, pauses: Mapping[str, float], baselines: Baselines | None = None) -> Window:
    """An empty window.

    Args:
        trigger: its rule.
        pauses: signal -> seconds between two of its samples.
        baselines: of the application, where releases are compared.
    """
    return Window(trigger, series_of(trigger, pauses, baselines or Baselines()), pauses)
