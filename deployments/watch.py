"""Watching: each application on its own clock. One that is sick, or cannot be looked at, delays no other."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from prefect.logging import get_logger

from blocks.installation import Installation, installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.applications import document
from deployments.watched import EVENT, Watched
from domain.errors import BackoutError

__all__ = ["EVENT", "Watching", "watch"]

TICK_S = 0.2
RELOAD_S = 5.0
AT_ONCE = 32
"""Samples under way at the same time: one application that hangs holds one of them."""


def watch(stop: threading.Event) -> None:
    """Watch until told to stop. Applications come and go with what is applied."""
    with installation() as here, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="watch") as pool:
        watching = Watching(here, pool)
        reload_at = 0.0
        while not stop.wait(TICK_S):
            if time.monotonic() >= reload_at:
                watching.reload()
                reload_at = time.monotonic() + RELOAD_S
            watching.look()


class Watching:
    """All applications under watch."""

    def __init__(self, here: Installation, pool: ThreadPoolExecutor) -> None:
        self.here = here
        self.pool = pool
        self.watched: dict[str, Watched] = {}
        self._said: dict[str, str] = {}

    def look(self) -> None:
        """Begin a sample of each application that is due; wait for none."""
        for one in self.watched.values():
            if one.claim():
                self.pool.submit(one.look, self.here)

    def reload(self) -> None:
        """Take in what is applied; while the store is away the watch goes on with what it knows."""
        try:
            applied = configurations.all_of(self.here.store.database)
        except BackoutError as error:
            self._say("", f"the watch goes on with what it knows: {error.what()}")
            return
        self._said.pop("", None)
        found = {one.application: self._watched(one) for one in applied}
        self.watched = {name: one for name, one in found.items() if one is not None}

    def _watched(self, applied: Applied) -> Watched | None:
        """One whose document did not change keeps its window; one that is looked at now is changed after that."""
        known = self.watched.get(applied.application)
        if known is not None and known.under_way:
            return known
        if known is not None and known.digest == applied.digest:
            known.applied_again(applied.at)
            return known
        try:
            described = document(self.here, applied.application)
        except Exception as error:  # noqa: BLE001 - one application that cannot be read leaves the others watched
            said = error.what() if isinstance(error, BackoutError) else f"{type(error).__name__}: {error}"
            self._say(applied.application, f"{applied.application} is not watched: {said}")
            return None
        self._said.pop(applied.application, None)
        return Watched(described, applied.digest, applied.at) if described.watch.enabled else None

    def _say(self, about: str, what: str) -> None:
        """Once a change, not at every look."""
        if self._said.get(about) != what:
            self._said[about] = what
            get_logger("backout.watch").warning("%s", what)
