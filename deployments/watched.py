"""One application under watch: its health through the router, its trigger, and a Prefect event when it fires."""

import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from prefect.logging import get_logger

from blocks.document import Document
from blocks.installation import Installation
from deployments.prefect_api import PrefectApi
from domain.errors import BackoutError
from domain.findings import Finding, Verdict
from domain.names import block_name
from domain.release import Slot
from domain.triggers import Window
from tasks.look import through_router

EVENT = "backout.trigger.fired"


class Watched:
    """One application under watch, sampled by one thread at a time."""

    def __init__(self, described: Document, digest: str, applied_at: datetime | None = None) -> None:
        self.document = described
        self.digest = digest
        self.applied_at = applied_at
        self.window: Window = described.watch.trigger.window()
        self.due = time.monotonic()
        self.under_way = False
        self.serving: str | None = None
        self._unsent: dict[str, Any] | None = None
        self._said = ""
        self._well = False

    def claim(self) -> bool:
        """Whether a sample is to be taken now; the caller then calls `look`, which takes it."""
        if self.under_way or self.due > time.monotonic():
            return False
        self.under_way = True
        self.due = time.monotonic() + self.document.watch.every_s
        return True

    def applied_again(self, at: datetime | None) -> None:
        """The same document, applied at another time: a run that was refused may be able to begin now."""
        if at != self.applied_at:
            self.applied_at = at
            self.window.end_silence()

    def look(self, here: Installation) -> None:
        """One sample. Whatever fails is logged, once a change, and tried again at the next sample."""
        try:
            said = self._look(here)
        except Exception as error:  # noqa: BLE001 - an application's own trouble must not end its watch, nor another's
            said = error.what() if isinstance(error, BackoutError) else f"{type(error).__name__}: {error}"
        try:
            self._say(said)
        finally:
            self.under_way = False

    def _look(self, here: Installation) -> str:
        """What is to be said of it; empty where nothing."""
        finding = self._sample()
        if not self._was_well(here, finding):
            return (
                f"was not seen healthy yet, so it is not watched until it is: {finding.name}: {finding.said}"
            )
        row = self.window.add(finding)
        if row:
            self._fire(here, row)
        elif finding.ok:
            self._unsent = None
            self._note_serving(here)
        return ""

    def _was_well(self, here: Installation, finding: Finding) -> bool:
        """Whether it was ever seen healthy: what was applied before it was started is not down. A file outlives `serve`."""
        if not self._well:
            mark = here.home.state / f"{block_name(self.document.name)}.seen-well"
            self._well = finding.ok or mark.exists() or _has_served(here, self.document.name)
            if self._well:
                with suppress(OSError):
                    mark.touch()
        return self._well

    def _say(self, what: str) -> None:
        if what and self._said != what:
            get_logger("backout.watch").warning("%s: %s", self.document.name, what)
        self._said = what

    def _sample(self) -> Finding:
        health = self.document.health
        try:
            return through_router(self.document, [health], None)[0]
        except BackoutError as error:
            return Finding(name=health.name, on="router", verdict=Verdict.NO_DATA, said=str(error))

    def _note_serving(self, here: Installation) -> None:
        """What serves well is what can be gone back to; written when it changes."""
        platform = self.document.platform
        slot: Slot | None = next(
            (slot for slot in platform.slots() if slot.name == platform.route().slot), None
        )
        if slot is not None and slot.version and slot.version != self.serving:
            here.store.served(self.document.name, slot.version, datetime.now(UTC))
            here.local(self.document.name).keep_releases(here.store.releases(self.document.name))
            self.serving = slot.version

    def _fire(self, here: Installation, row: list[Finding]) -> None:
        """Fired only once Prefect has the event. A row that goes on fires again, unless an incident is open."""
        if not (self.window.has_fired and _has_open_incident(here, self.document.name)):
            self._unsent = self._unsent or self._event(here, row)
            with PrefectApi.find(here.home) as api:
                api.emit(self._unsent)
            self._unsent = None
        self.window.fired()

    def _event(self, here: Installation, row: list[Finding]) -> dict[str, Any]:
        """The event as Prefect's API takes it; its id stays the same however often it is sent."""
        name = self.document.name
        return {
            "id": str(uuid.uuid4()),
            "occurred": datetime.now(UTC).isoformat(),
            "event": EVENT,
            "resource": {
                "prefect.resource.id": f"backout.application.{block_name(name)}",
                "prefect.resource.name": name,
            },
            "payload": {
                "application": name,
                "issue": self.document.watch.trigger.issue,
                "detection": here.store.detect(name, row),
                "reason": f"{len(row)} bad samples in a row: {row[-1].name}: {row[-1].said}",
                "samples": [finding.model_dump(mode="json") for finding in row],
            },
        }


def _has_served(here: Installation, application: str) -> bool:
    return any(release.served_since for release in here.store.releases(application))


def _has_open_incident(here: Installation, application: str) -> bool:
    """Whether an incident is worked on, or waits for people."""
    holder = here.store.holder(application)
    return holder is not None and holder.alive
