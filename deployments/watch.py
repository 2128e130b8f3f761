"""Watching: each signal of each application on its own clock. One that is sick, or cannot be looked at, delays no other."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from prefect.logging import get_logger

from blocks.installation import Installation, installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments import measures
from deployments.applications import document
from deployments.watch_record import KEPT_S, WatchRecord
from deployments.watched import EVENT, Watched
from domain.errors import BackoutError
from domain.errors.unforeseen import in_words

__all__ = ["EVENT", "Watching", "watch"]

TICK_S = 0.2
RELOAD_S = 5.0
WRITE_S = 2.0
"""Seconds between two batches of what the windows hold: what a killed `serve` may lose."""

AT_ONCE = 32
"""Samples of health under way at the same time, and as many of other signals: one that hangs holds one of them."""


def watch(stop: threading.Event) -> None:
    """Watch until told to stop. Applications come and go with what is applied."""
    with (
        installation() as here,
        ThreadPoolExecutor(AT_ONCE, thread_name_prefix="watch") as pool,
        ThreadPoolExecutor(AT_ONCE, thread_name_prefix="watch-signals") as others,
    ):
        watching = Watching(here, pool, others)
        reload_at = write_at = 0.0
        while not stop.wait(TICK_S):
            if time.monotonic() >= reload_at:
                watching.reload()
                reload_at = time.monotonic() + RELOAD_S
            watching.look()
            if time.monotonic() >= write_at:
                watching.write_soon()
                write_at = time.monotonic() + WRITE_S
        watching.write()


class Watching:
    """All applications under watch. `pool`: takes samples of health, and writes; `others`: samples of other signals."""

    def __init__(
        self, here: Installation, pool: ThreadPoolExecutor, others: ThreadPoolExecutor | None = None
    ) -> None:
        self.here = here
        self.pool = pool
        self.others = others or pool
        self.record = WatchRecord(here)
        self._written: Future[None] | None = None
        self.watched: dict[str, Watched] = {}
        self._said: dict[str, str] = {}

    def look(self) -> None:
        """Begin a sample of each application that is due; wait for none."""
        for one in self.watched.values():
            if one.health.claim():
                self.pool.submit(one.look, self.here)
            for sampler in one.others:
                if sampler.claim():
                    self.others.submit(one.look, self.here, sampler)

    def write_soon(self) -> None:
        """Write beside the watch, one batch at a time: a store that hangs holds one thread."""
        if self._written is None or self._written.done():
            self._written = self.pool.submit(self.write)

    def write(self) -> None:
        """Write down what the windows hold; while the store is away it waits."""
        try:
            self.record.write()
        except BackoutError as error:
            self._say("record", f"what the windows hold is not written down: {error.what()}")
        else:
            self._said.pop("record", None)

    def reload(self) -> None:
        """Take in what is applied; while the store is away the watch goes on with what it knows."""
        try:
            applied = configurations.all_of(self.here.store.database)
            self.record.begin()
        except BackoutError as error:
            self._say("", f"the watch goes on with what it knows: {error.what()}")
            return
        self._said.pop("", None)
        before = self.watched
        found = {one.application: self._watched(one) for one in applied}
        self.watched = {name: one for name, one in found.items() if one is not None}
        for name, one in before.items():
            one.retired = self.watched.get(name) is not one
        measures.WATCHED.set(len(self.watched))
        spans = [one.windows.span_s for one in self.watched.values()]
        self.record.keep_s = max([KEPT_S, *spans])

    def _watched(self, applied: Applied) -> Watched | None:
        """One whose document did not change stays as it is."""
        known = self.watched.get(applied.application)
        if known is not None and known.digest == applied.digest:
            known.applied_again(applied.at)
            return known
        try:
            described = document(self.here, applied.application)
            if not described.watch.enabled:
                return None
            kept = self.record.kept(applied.application)
        except Exception as error:  # noqa: BLE001 - one application that cannot be read leaves the others watched
            said = in_words(error)
            self._say(applied.application, f"{applied.application} is not watched: {said}")
            return None
        self._said.pop(applied.application, None)
        made = Watched(described, applied.digest, self.record, applied_at=applied.at, kept=kept)
        if known is not None:  # what was applied now may let a run begin that was refused
            made.windows.end_silence()
        return made

    def _say(self, about: str, what: str) -> None:
        """Once a change, not at every look."""
        if self._said.get(about) != what:
            self._said[about] = what
            get_logger("backout.watch").warning("%s", what)
