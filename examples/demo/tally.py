"""What a load counted: all of it, and window by window."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from examples.demo.keepalive import Answer


@dataclass
class Window:
    """The requests that ended between two marks; times are seconds since 1970.

    `lost` counts by reason what never got the application's answer: that is the switch's fault. `errors` are 5xx
    answers of the application itself: those are the release's.
    """

    name: str
    started: float
    ended: float | None = None
    requests: int = 0
    errors: int = 0
    lost: Counter[str] = field(default_factory=Counter)

    def add(self, answer: Answer) -> None:
        """Count one request."""
        self.requests += 1
        if answer.lost is not None:
            self.lost[answer.lost] += 1
        elif answer.status is not None and answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.errors += 1

    def document(self) -> dict[str, Any]:
        """The window as JSON."""
        return {
            "name": self.name,
            "started": self.started,
            "ended": self.ended,
            "requests": self.requests,
            "errors": self.errors,
            "lost": self.lost.total(),
            "lost_by_reason": dict(self.lost),
        }


class Tally:
    """Counts of a load; may be marked and read while the load runs in another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = Window("all", time.time())
        self.windows = [Window("start", self.total.started)]
        self.losses: list[tuple[float, str]] = []

    def add(self, answer: Answer) -> None:
        """Count one request in the total and in the window that is open."""
        with self._lock:
            self.total.add(answer)
            self.windows[-1].add(answer)
            if answer.lost is not None:
                self.losses.append((time.time(), answer.lost))

    def mark(self, name: str) -> None:
        """Close the window that is open, begin the next."""
        with self._lock:
            now = time.time()
            self.windows[-1].ended = now
            self.windows.append(Window(name, now))

    def document(self) -> dict[str, Any]:
        """Everything as JSON: the total, each window, and when each request was lost."""
        with self._lock:
            now = time.time()
            self.total.ended = self.windows[-1].ended = now
            return {
                **self.total.document(),
                "windows": [window.document() for window in self.windows],
                "losses": [{"at": at, "reason": reason} for at, reason in self.losses],
            }
