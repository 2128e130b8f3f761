"""What a bad release does wrong: chosen by the environment, so that one program is the good and the bad release."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """The faults that a release of the demo application can have."""

    NONE = "none"
    ERRORS = "errors"
    SLOW = "slow"
    BROKEN_AUTH = "broken_auth"
    CRASH = "crash"
    DEGRADED = "degraded"
    WEBSOCKET = "websocket"


SLOW_SECONDS = 2.5

# A release that is bad at once never passes a deployment; these two are found under traffic, as real ones are.
_SECONDS_UNTIL_SHOWN = {Fault.ERRORS: 2.0, Fault.CRASH: 2.0}


class Faulty:
    """A fault and the moment from which it shows."""

    def __init__(self, fault: Fault, after: float | None = None) -> None:
        """`after` is in seconds from now; by default 2 for `errors` and `crash`, 0 for the others."""
        self.fault = fault
        self.after = _SECONDS_UNTIL_SHOWN.get(fault, 0.0) if after is None else after
        self._begins = time.monotonic() + self.after
        self._requests = 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Faulty:
        """Read `FAULT` and `FAULT_AFTER`; raises `ValueError` for a fault that does not exist."""
        after = environment.get("FAULT_AFTER")
        return cls(Fault(environment.get("FAULT", "none")), None if after is None else float(after))

    def shows(self, fault: Fault) -> bool:
        """Whether the release has this fault, and it has begun."""
        return self.fault is fault and time.monotonic() >= self._begins

    def fails_this_request(self) -> bool:
        """Whether this request of a user is one of the third that fails: every third, so that tests can count on it."""
        if not self.shows(Fault.ERRORS):
            return False
        self._requests += 1
        return self._requests % 3 == 0
