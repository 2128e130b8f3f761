"""The watch's memory: its clock, and what its windows hold, written in batches so that a restart loses none."""

import threading
import time
from collections import deque

from blocks.installation import Installation
from blocks.store import watch_windows
from blocks.store.watch_windows import Batch, Kept, Mark, Sampled
from domain.errors import BackoutError
from domain.triggers import Baseline

MOST = 50_000
"""Samples that wait for a store that is away; the oldest are given up."""

KEPT_S = 120.0
"""Seconds that samples are kept at least."""


class WatchRecord:
    """What is to be kept. Any thread adds to it; one at a time writes it.

    Attributes:
        keep_s: how far back the longest window reaches, in seconds.
    """

    def __init__(self, here: Installation) -> None:
        self.here = here
        self.keep_s = KEPT_S
        self._zero: float | None = None
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._samples: deque[Sampled] = deque(maxlen=MOST)
        self._rest = Batch()

    def begin(self) -> None:
        """Let the clock go on from where it was kept; once. Raises StoreUnavailable."""
        if self._zero is None:
            self._zero = time.monotonic() - (watch_windows.newest_clock(self.here.store.database) or 0.0)

    def now(self) -> float:
        """Seconds on the watch's clock: it goes on over restarts, and knows nothing of the wall's jumps."""
        return time.monotonic() - (self._zero or 0.0)

    def kept(self, application: str) -> Kept:
        """What is kept of an application, with what was not written yet. Raises StoreUnavailable."""
        self.write()
        return watch_windows.kept(self.here.store.database, application)

    def sampled(self, sample: Sampled) -> None:
        """Keep a sample."""
        with self._lock:
            self._samples.append(sample)

    def marked(self, application: str, trigger: str, mark: Mark) -> None:
        """Keep that a trigger fired, or that it is over."""
        with self._lock:
            self._rest.firings[application, trigger] = mark

    def measured(self, application: str, baseline: Baseline) -> None:
        """Keep the newest value of a baseline."""
        with self._lock:
            self._rest.baselines[application, baseline.measure, baseline.release] = baseline

    def write(self) -> None:
        """Write what waits. Raises StoreUnavailable: it goes on waiting."""
        with self._writing:
            batch = self._taken()
            if not batch:
                return
            try:
                watch_windows.write(self.here.store.database, batch, self.now() - self.keep_s)
            except BackoutError:
                self._put_back(batch)
                raise

    def _taken(self) -> Batch:
        with self._lock:
            batch, self._rest = self._rest, Batch()
            batch.samples = list(self._samples)
            self._samples.clear()
            return batch

    def _put_back(self, batch: Batch) -> None:
        """Before what came meanwhile, which is newer."""
        with self._lock:
            self._samples.extendleft(reversed(batch.samples))
            self._rest.firings = batch.firings | self._rest.firings
            self._rest.baselines = batch.baselines | self._rest.baselines
