"""Watching: each application's health through the router, its trigger, and a Prefect event when it fires."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from prefect.events import emit_event
from prefect.logging import get_logger

from blocks.document import Document
from blocks.installation import Installation, installation
from blocks.store import configurations
from deployments.applications import document
from domain.errors import BackoutError
from domain.findings import Finding, Verdict
from domain.names import block_name
from domain.release import Slot
from domain.triggers import Window
from tasks.look import through_router

EVENT = "backout.trigger.fired"
TICK_S = 0.2
RELOAD_S = 5.0
AT_ONCE = 16


class Watched:
    """One application under watch."""

    def __init__(self, described: Document, digest: str) -> None:
        self.document = described
        self.digest = digest
        self.window: Window = described.watch.trigger.window()
        self.due = time.monotonic()
        self.serving: str | None = None

    def look(self, here: Installation) -> None:
        """One sample; an event where the trigger fires now."""
        self.due = time.monotonic() + self.document.watch.every_s
        finding = self._sample()
        if finding.ok:
            self._note_serving(here)
        fired = self.window.add(finding)
        if fired:
            self._emit(here, fired)

    def _sample(self) -> Finding:
        try:
            return through_router(self.document, [self.document.health], None)[0]
        except BackoutError as error:
            return Finding(
                name=self.document.health.name, on="router", verdict=Verdict.NO_DATA, said=str(error)
            )

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

    def _emit(self, here: Installation, fired: list[Finding]) -> None:
        name = self.document.name
        detection = here.store.detect(name, fired)
        emit_event(
            EVENT,
            resource={
                "prefect.resource.id": f"backout.application.{block_name(name)}",
                "prefect.resource.name": name,
            },
            payload={
                "application": name,
                "issue": self.document.watch.trigger.issue,
                "detection": detection,
                "reason": f"{len(fired)} bad samples in a row: {fired[-1].name}: {fired[-1].said}",
                "samples": [finding.model_dump(mode="json") for finding in fired],
            },
        )


def watch(stop: threading.Event) -> None:
    """Watch until told to stop. Applications come and go with what is applied."""
    with installation() as here, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="watch") as pool:
        watched: dict[str, Watched] = {}
        reload_at = 0.0
        while not stop.wait(TICK_S):
            if time.monotonic() >= reload_at:
                watched = _reloaded(here, watched)
                reload_at = time.monotonic() + RELOAD_S
            due = [one for one in watched.values() if one.due <= time.monotonic()]
            list(pool.map(lambda one: one.look(here), due))


def _reloaded(here: Installation, watched: dict[str, Watched]) -> dict[str, Watched]:
    """The applied applications; one whose document did not change keeps its window."""
    found: dict[str, Watched] = {}
    for applied in configurations.all_of(here.store.database):
        known = watched.get(applied.application)
        if known is not None and known.digest == applied.digest:
            found[applied.application] = known
            continue
        try:
            described = document(here, applied.application)
        except BackoutError as error:
            get_logger("backout.watch").warning("%s is not watched: %s", applied.application, error.what())
            continue
        if described.watch.enabled:
            found[applied.application] = Watched(described, applied.digest)
    return found
