"""Ctrl-C that comes at any moment and is taken at a good one, so that nothing is left half started."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Somebody asked the demo to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """As shells count it: 128 and the signal's number."""
        return 128 + self.number


class Interruption:
    """While this is entered, SIGINT, SIGTERM and SIGHUP are noted, and raised as `Interrupted` by the next wait.

    A second one changes nothing: cleaning up is not interrupted.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._number = self._number or number

    @property
    def interrupted(self) -> Interrupted | None:
        """What was noted so far."""
        return None if self._number is None else Interrupted(self._number)

    def check(self) -> None:
        """Raise `Interrupted` where a signal came."""
        if self._number is not None:
            raise Interrupted(self._number)

    def wait_for(self, look: Callable[[], T | None], what: str, seconds: float) -> T:
        """What `look` finds, as soon as it finds something true; raises `TimeoutError` and `Interrupted`."""
        deadline = time.monotonic() + seconds
        while True:
            self.check()
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds:.0f} s for {what}, in vain")
            time.sleep(_LOOK_SECONDS)
