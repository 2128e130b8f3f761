"""One application under watch: its signals through the router, whether it was ever well, and what serves."""

import threading
from contextlib import suppress
from datetime import UTC, datetime

from prefect.logging import get_logger

from blocks.document import Document
from blocks.installation import Installation
from blocks.store.watch_windows import Kept
from deployments.firing import FIRED as EVENT
from deployments.sampler import Sampler
from deployments.trigger_windows import TriggerWindows
from deployments.watch_record import WatchRecord
from domain.errors.unforeseen import in_words
from domain.findings import Finding
from domain.good import BY_THE_WATCH
from domain.names import block_name
from domain.release import Slot
from domain.well_served import WellServed

__all__ = ["EVENT", "Watched"]

NOTHING = Kept()


class Watched:
    """One application under watch.

    Attributes:
        health, others: its samplers.
        retired: another document, or none, took its place: a sample still under way counts no more.
        serving: the release that last served well.
    """

    def __init__(
        self,
        described: Document,
        digest: str,
        record: WatchRecord,
        *,
        applied_at: datetime | None = None,
        kept: Kept = NOTHING,
    ) -> None:
        self.document = described
        self.digest = digest
        self.record = record
        self.applied_at = applied_at
        self.health = Sampler(described, described.health)
        self.others = [Sampler(described, signal) for signal in described.watch.signals]
        pauses = {one.signal.name: one.every_s for one in [self.health, *self.others]}
        self.windows = TriggerWindows(described, record, pauses, kept)
        self.well_served = WellServed(described.deploy.good_after_s)
        self.retired = False
        self.serving: str | None = None
        self._lock = threading.Lock()
        self._said: dict[str, str] = {}
        self._well = False
        self._release = ""
        self._answers_version = False

    def applied_again(self, at: datetime | None) -> None:
        """The same document, applied at another time: a run that was refused may be able to begin now."""
        if at != self.applied_at:
            self.applied_at = at
            self.windows.end_silence()

    def look(self, here: Installation, sampler: Sampler | None = None) -> None:
        """One sample, of health where no other is named. Whatever fails is logged, once a change, and tried again."""
        sampler = sampler or self.health
        try:
            said = self._look(here, sampler)
        except Exception as error:  # noqa: BLE001 - an application's own trouble must not end its watch, nor another's
            said = in_words(error)
        try:
            self._say(sampler.signal.name, said)
        finally:
            sampler.under_way = False

    def _look(self, here: Installation, sampler: Sampler) -> str:
        """What is to be said of it; empty where nothing."""
        seen = sampler.sample()
        # Both clocks at one moment: whoever replays the samples by their times gets what the windows got.
        now, finding = self.record.now(), seen.model_copy(update={"at": datetime.now(UTC)})
        with self._lock:
            if self.retired:
                return ""
            if sampler is self.health:
                return self._take_health(here, finding, now)
            return self.windows.take(here, finding, now, self._release) if self._well else ""

    def _take_health(self, here: Installation, finding: Finding, now: float) -> str:
        if not self._was_well(here, finding):
            return (
                f"was not seen healthy yet, so it is not watched until it is: {finding.name}: {finding.said}"
            )
        self._note_release(finding)
        said = self.windows.take(here, finding, now, self._release)
        serving = self._note_serving(here) if finding.ok else None
        self._note_good(here, serving, finding, now)
        return said

    def _was_well(self, here: Installation, finding: Finding) -> bool:
        """Whether it was ever seen healthy: what was applied before it was started is not down. A file outlives `serve`."""
        if not self._well:
            mark = here.home.state / f"{block_name(self.document.name)}.seen-well"
            self._well = finding.ok or mark.exists() or _has_served(here, self.document.name)
            if self._well:
                with suppress(OSError):
                    mark.touch()
        return self._well

    def _say(self, signal: str, what: str) -> None:
        if what and self._said.get(signal) != what:
            get_logger("backout.watch").warning("%s: %s", self.document.name, what)
        self._said[signal] = what

    def _note_release(self, finding: Finding) -> None:
        """What answers now, by its own word; where it never says, by the slot that last served well."""
        if finding.version:
            self._answers_version = True
            self._release = finding.version
        elif not self._answers_version:
            self._release = self.serving or ""

    def _note_good(self, here: Installation, serving: str | None, finding: Finding, now: float) -> None:
        """What served well for long enough, with no trigger fired, is good by evidence."""
        well = finding.ok and self.windows.quiet
        span = self.well_served.take(serving, well=well, clock=now, at=finding.at)
        if span and serving:
            here.store.good(self.document.name, serving, *span, BY_THE_WATCH)
            here.local(self.document.name).keep_releases(here.store.releases(self.document.name))

    def _note_serving(self, here: Installation) -> str | None:
        """What serves well is what can be gone back to; written when it changes. The release; None where it is not one alone."""
        platform = self.document.platform
        slot: Slot | None = next(
            (slot for slot in platform.slots() if slot.name == platform.route().slot), None
        )
        if slot is not None and slot.running and slot.version and slot.version != self.serving:
            here.store.served(self.document.name, slot.version, datetime.now(UTC))
            here.local(self.document.name).keep_releases(here.store.releases(self.document.name))
            self.serving = slot.version
        return slot.version if slot is not None and slot.running else None


def _has_served(here: Installation, application: str) -> bool:
    return any(release.served_since for release in here.store.releases(application))
