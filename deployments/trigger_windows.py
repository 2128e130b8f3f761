"""The triggers of one watched application at work: samples in, firings out, and both kept for a restart."""

from collections.abc import Mapping

from blocks.document import Document
from blocks.installation import Installation
from blocks.store.watch_windows import Kept, Mark, Sampled
from deployments.firing import Firing
from deployments.watch_record import WatchRecord
from domain.errors import BackoutError
from domain.findings import Finding, Verdict
from domain.triggers import Baselines, Window, window_of


class TriggerWindows:
    """All windows of an application. `pauses`: signal -> seconds between two of its samples."""

    def __init__(
        self, document: Document, record: WatchRecord, pauses: Mapping[str, float], kept: Kept
    ) -> None:
        self.document = document
        self.record = record
        self.pauses = pauses
        self.baselines = Baselines(kept.baselines)
        triggers = [trigger.with_health(document.health.name) for trigger in document.watch.all_triggers]
        self.windows = [window_of(trigger, pauses, self.baselines) for trigger in triggers]
        leaves = [leaf for trigger in triggers for leaf in trigger.leaves()]
        self._measured = {leaf.signal for leaf in leaves if leaf.measures}
        self._by_verdict = {leaf.signal for leaf in leaves if not leaf.measures}
        self._kept_ok: set[str] = set()
        self._firings: dict[str, Firing] = {}
        self._fill(kept)

    @property
    def span_s(self) -> float:
        """Seconds that the longest window reaches back."""
        return max((window.trigger.span_s(self.pauses) for window in self.windows), default=0.0)

    @property
    def quiet(self) -> bool:
        """Whether no trigger has fired: what serves is within its objectives, as far as they are watched."""
        return not any(window.has_fired for window in self.windows)

    def _fill(self, kept: Kept) -> None:
        """With what was kept. A window that is older than its own span stays empty."""
        self.baselines.learns = False
        now = self.record.now()
        for window in self.windows:
            trigger, mark = window.trigger, kept.firings.get(window.trigger.name)
            since = mark.clock if mark and mark.over else float("-inf")
            signals = trigger.signals
            samples = [one for one in kept.samples if one.finding.name in signals and one.clock > since]
            if not samples or now - samples[-1].clock > trigger.span_s(self.pauses):
                continue
            for one in samples:
                window.add(one.finding, one.clock, one.release)
            if mark and not mark.over:
                window.fired(mark.clock)
        self.baselines.learns = True

    def end_silence(self) -> None:
        """What goes on is offered again at its next sample."""
        for window in self.windows:
            window.end_silence()

    def take(self, here: Installation, finding: Finding, now: float, release: str) -> str:
        """Take a sample of `now` in. What kept a trigger that fired from being heard; empty where nothing did."""
        self._keep(Sampled(self.document.name, now, finding, release))
        said = [
            self._add(here, window, finding, now, release)
            for window in self.windows
            if finding.name in window.trigger.signals
        ]
        said += self._in_another_unit(finding)
        for baseline in self.baselines.take_changed():
            self.record.measured(self.document.name, baseline)
        return "; ".join(filter(None, said))

    def _in_another_unit(self, finding: Finding) -> list[str]:
        """The triggers that the sample counts as missing for: said, as nothing else would tell."""
        if finding.value is None:
            return []
        return [
            f"trigger {window.trigger.name} compares {leaf.unit}, and {finding.name} measures"
            f" {finding.unit or 'without a unit'}: it counts as missing"
            for window in self.windows
            for leaf in window.trigger.leaves()
            if leaf.signal == finding.name and leaf.measures and leaf.unit not in ("", finding.unit)
        ]

    def _add(self, here: Installation, window: Window, finding: Finding, now: float, release: str) -> str:
        name, had_fired = window.trigger.name, window.has_fired
        samples = window.add(finding, now, release)
        if samples:
            try:
                self._fire(here, window, samples, now)
            except BackoutError as error:  # it stays unconfirmed, and is offered again at the next sample
                return error.what()
        elif not window.has_fired:
            self._firings.pop(name, None)
            if had_fired:
                self.record.marked(self.document.name, name, Mark(now, over=True))
        held = self._firings.get(name)
        return held.held if held else ""

    def _fire(self, here: Installation, window: Window, samples: list[Finding], now: float) -> None:
        """Fired only once Prefect has the event. What goes on fires again, unless an incident is open.

        What is held back is the same firing when it is offered again; a restart may forget that it was.
        """
        name = window.trigger.name
        firing = self._firings.setdefault(name, Firing(self.document, window.trigger))
        started = window.has_fired and not firing.held
        if not (started and _has_open_incident(here, self.document.name)):
            firing.send(here, window, samples)
        if firing.held:
            window.held_back(now)
            return
        del self._firings[name]
        window.fired(now)
        self.record.marked(self.document.name, name, Mark(now))

    def _keep(self, sample: Sampled) -> None:
        """What a window would miss after a restart; of good samples that nobody measures the first is enough."""
        finding = sample.finding
        measured = finding.value is not None and finding.name in self._measured
        counts = finding.verdict is not Verdict.NO_DATA and finding.name in self._by_verdict
        if not measured and (not counts or (finding.ok and finding.name in self._kept_ok)):
            return
        self.record.sampled(sample)
        if finding.ok:
            self._kept_ok.add(finding.name)
        else:
            self._kept_ok.discard(finding.name)


def _has_open_incident(here: Installation, application: str) -> bool:
    """Whether an incident is worked on, or waits for people."""
    holder = here.store.holder(application)
    return holder is not None and holder.alive
