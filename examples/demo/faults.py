"""What a bad release does wrong: chosen by the environment, so that one program is the good and the bad release.

A release that runs is broken by `fault.json` in its state folder, read at run time: `{"fault": NAME, "until": SECONDS}`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path


class Fault(StrEnum):
    """The faults that a release of the demo application can have."""

    NONE = "none"
    ERRORS = "errors"
    SLOW = "slow"
    BROKEN_AUTH = "broken_auth"
    CRASH = "crash"
    DEGRADED = "degraded"
    WEBSOCKET = "websocket"
    UNHEALTHY = "unhealthy"
    DEPENDENCY = "dependency"


SLOW_SECONDS = 2.5
CONTROL_FILE = "fault.json"

# A release that is bad at once never passes a deployment; these two are found under traffic, as real ones are.
_SECONDS_UNTIL_SHOWN = {Fault.ERRORS: 2.0, Fault.CRASH: 2.0}


class Faulty:
    """A fault and the moment from which it shows; and the one that the control file asks for, until its time is over."""

    def __init__(self, fault: Fault, after: float | None = None, control: Path | None = None) -> None:
        """`after` is in seconds from now; by default 2 for `errors` and `crash`, 0 for the others."""
        self.fault = fault
        self.after = _SECONDS_UNTIL_SHOWN.get(fault, 0.0) if after is None else after
        self._begins = time.monotonic() + self.after
        self._requests = 0
        self._control = control

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Faulty:
        """Read `FAULT`, `FAULT_AFTER` and `STATE_FOLDER`; raises `ValueError` for a fault that does not exist."""
        after = environment.get("FAULT_AFTER")
        folder = environment.get("STATE_FOLDER")
        return cls(
            Fault(environment.get("FAULT", "none")),
            None if after is None else float(after),
            Path(folder) / CONTROL_FILE if folder else None,
        )

    def shows(self, fault: Fault) -> bool:
        """Whether the release has this fault, and it has begun."""
        own = self.fault is fault and time.monotonic() >= self._begins
        return own or self._asked_for() is fault

    def fails_this_request(self) -> bool:
        """Whether this request of a user is one of the third that fails: every third, so that tests can count on it."""
        if not self.shows(Fault.ERRORS):
            return False
        self._requests += 1
        return self._requests % 3 == 0

    def _asked_for(self) -> Fault | None:
        """What the control file asks for now; a file that cannot be read asks for nothing."""
        try:
            asked = json.loads(self._control.read_bytes()) if self._control else None
            return Fault(asked["fault"]) if asked and time.time() < float(asked["until"]) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
