"""The samples of one signal that a rule still looks at. Times are seconds on a clock that never jumps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.findings import Finding, Verdict
from domain.triggers.baselines import Baseline, Baselines
from domain.triggers.rule import Condition, longest_step_s
from domain.triggers.statistic import of_values


class Taken(NamedTuple):
    """A sample as it was taken in: at `clock`, while `release` served."""

    finding: Finding
    clock: float
    release: str


class Series(ABC):
    """Takes the findings of its signal, and says whether its rule holds."""

    @abstractmethod
    def take(self, finding: Finding, now: float, release: str) -> None:
        """One finding of any signal, at `now`, while `release` serves (empty: not known). Others' are left alone."""

    @abstractmethod
    def holds(self, now: float) -> bool:
        """Whether the rule holds."""

    @abstractmethod
    def taken(self) -> list[Taken]:
        """The samples it rests on, oldest first."""

    def evidence(self) -> list[Finding]:
        """The same as findings."""
        return [one.finding for one in self.taken()]

    def compared_with(self) -> list[Baseline]:
        """What it holds the samples against; empty where that is in the rule itself."""
        return []

    @abstractmethod
    def said(self) -> str:
        """What was seen, one line for a person; only where the rule holds."""

    @abstractmethod
    def forget(self) -> None:
        """Begin anew."""


class Row(Series):
    """Bad findings in a row. A good one ends it; one without data changes nothing."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        self._row: deque[Taken] = deque(maxlen=condition.failures)

    def take(self, finding: Finding, now: float, release: str) -> None:
        if finding.name != self.condition.signal:
            return
        if finding.verdict is Verdict.OK:
            self._row.clear()
        elif finding.verdict is Verdict.BAD:
            self._row.append(Taken(finding, now, release))

    def holds(self, now: float) -> bool:  # noqa: ARG002 - a row does not age
        return len(self._row) == self.condition.failures

    def taken(self) -> list[Taken]:
        return list(self._row)

    def said(self) -> str:
        last = self._row[-1].finding
        return f"{len(self._row)} bad samples in a row: {last.name}: {last.said}"

    def forget(self) -> None:
        self._row.clear()


class Span(Series):
    """The newest samples that together cover the rule's seconds: no fewer will do, and no more are kept."""

    def __init__(self, condition: Condition, pauses: Mapping[str, float]) -> None:
        self.condition = condition
        self.longest_step_s = longest_step_s(condition.signal, pauses)
        self.longest_gap_s = condition.span_of_leaf_s(pauses)
        self._samples: deque[tuple[Taken, float]] = deque()
        self._covered = 0.0
        self._last = 0.0

    def take(self, finding: Finding, now: float, release: str) -> None:
        if not self._measured(finding):
            return
        gap = max(0.0, now - self._last) if self._samples else 0.0
        if gap > self.longest_gap_s:
            self.forget()
            gap = 0.0
        step = min(gap, self.longest_step_s)
        self._samples.append((Taken(finding, now, release), step))
        self._covered += step
        self._last = now
        self._drop_old()

    def _measured(self, finding: Finding) -> bool:
        fits = not self.condition.unit or finding.unit == self.condition.unit
        return finding.name == self.condition.signal and finding.value is not None and fits

    def _drop_old(self) -> None:
        """The first sample's own step is the time before the window, so the second's is what goes with the first."""
        while len(self._samples) > 1 and self._covered - self._samples[1][1] >= self.condition.for_s:
            self._samples.popleft()
            self._covered -= self._samples[0][1]
        if len(self._samples) == 1:
            self._covered = 0.0

    def holds(self, now: float) -> bool:
        """Not where it was not measured for longer than a window may have a gap.

        Users see one service, so a window goes on over a switch; but what serves is not condemned by what served before.
        """
        fresh = now - self._last <= self.longest_gap_s
        return (
            self.covered and fresh and self._beyond(self.value()) and self._beyond(self._of_newest_release())
        )

    @property
    def covered(self) -> bool:
        """Whether the samples cover the rule's seconds."""
        return bool(self._samples) and self._covered >= self.condition.for_s

    def _beyond(self, value: float) -> bool:
        if self.condition.above is not None:
            return value > self.condition.above
        return self.condition.below is not None and value < self.condition.below

    def value(self) -> float:
        """The number that is compared."""
        return self._number_of(self.evidence())

    def _of_newest_release(self) -> float:
        """The same of the samples of the release that was seen last."""
        newest = self._samples[-1][0].release
        return self._number_of([one.finding for one in self.taken() if one.release == newest])

    def _number_of(self, findings: Sequence[Finding]) -> float:
        below = self.condition.below is not None
        found = [finding.nearest(below=below) for finding in findings]
        values = [value for value in found if value is not None]
        return of_values(self.condition.of, values, max if below else min)

    def taken(self) -> list[Taken]:
        return [one for one, _ in self._samples]

    def said(self) -> str:
        last, step = self._samples[-1][0].finding, len(self._samples)
        return f"{self.condition.words}: {self.value():.4g} {last.unit}".rstrip() + f" over {step} samples"

    def forget(self) -> None:
        self._samples.clear()
        self._covered = 0.0


class Rise(Span):
    """A span of one release, held against the release before."""

    def __init__(self, condition: Condition, pauses: Mapping[str, float], baselines: Baselines) -> None:
        super().__init__(condition, pauses)
        self.baselines = baselines
        self.measure = f"{condition.of} of {condition.signal} for {condition.for_s:g} s"
        self.release = ""

    def take(self, finding: Finding, now: float, release: str) -> None:
        if not release or not self._measured(finding):
            return
        if release != self.release:
            self.forget()
            self.release = release
        super().take(finding, now, release)
        if self.covered:
            self.baselines.note(self.measure, release, self.value())

    def _beyond(self, value: float) -> bool:
        before = self._before()
        if before is None or self.condition.rise is None:
            return False
        more = value - before.value
        return more > before.value * self.condition.rise / 100 and more >= self.condition.by

    def _before(self) -> Baseline | None:
        return self.baselines.before(self.measure, self.release)

    def compared_with(self) -> list[Baseline]:
        before = self._before()
        return [before] if before else []

    def said(self) -> str:
        compared = "".join(f", {one.value:.4g} with {one.release}" for one in self.compared_with())
        return f"{super().said()}{compared}"
