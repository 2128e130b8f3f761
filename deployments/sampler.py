"""One signal of a watched application, on its own clock."""

import time
from contextlib import suppress

from blocks.document import Document
from blocks.signals.contract import Place, Signal
from domain.errors import BackoutError
from domain.findings import Finding, Verdict
from tasks.look import users_place


class Sampler:
    """Sampled by one thread at a time. `due`: when next, by `time.monotonic()`."""

    def __init__(self, document: Document, signal: Signal) -> None:
        self.document = document
        self.signal = signal
        self.every_s = signal.every_s or document.watch.every_s
        self.due = time.monotonic()
        self.under_way = False

    def claim(self) -> bool:
        """Whether a sample is to be taken now; the caller then has `Watched.look` take it."""
        if self.under_way or self.due > time.monotonic():
            return False
        self.under_way = True
        self.due = time.monotonic() + self.every_s
        return True

    def sample(self) -> Finding:
        """What the signal says through the router; no data where it cannot be asked."""
        try:
            return self.signal.observe(self._place())
        except BackoutError as error:
            return Finding(name=self.signal.name, on="router", verdict=Verdict.NO_DATA, said=str(error))

    def _place(self) -> Place:
        """Health is where users are, whatever the router says of itself; the others may look into the slot, too."""
        if self.signal is self.document.health:
            return users_place(self.document, None)
        serving: str | None = None
        with suppress(BackoutError):
            serving = self.document.platform.route().slot
        return users_place(self.document, serving)
