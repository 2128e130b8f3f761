"""What a bad release does wrong. Its image says so in `FAULT`, so that one program is the good and the bad release.

A release that runs is broken by a file in its container, `{"fault": NAME, "until": SECONDS}`: that is how a drill does it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from enum import StrEnum
from pathlib import Path

SLOW_SECONDS = 0.8
ONE_IN = 3
"""Of so many requests one fails where the release has errors: tests can count on it."""


class Fault(StrEnum):
    """The faults a release can have. `broken-image` is none of the program's: it never starts."""

    NONE = "none"
    CRASH = "crash"
    SLOW = "slow"
    ERRORS = "errors"
    UNHEALTHY = "unhealthy"


SWITCH = Path("/tmp/backout-fault.json")  # noqa: S108 - in the container
_SWITCHED = {"errors": Fault.ERRORS, "latency": Fault.SLOW, "failing-health": Fault.UNHEALTHY}


class Faulty:
    """The fault of the image, and the one that the file asks for, until its time is over."""

    def __init__(self, own: Fault) -> None:
        self._own = own

    @classmethod
    def of_image(cls) -> Faulty:
        """As the environment says. A release that crashes does so right here."""
        fault = Fault(os.environ.get("FAULT", Fault.NONE))
        if fault is Fault.CRASH:
            sys.exit("ERROR cannot start: no module named 'consciousness'")
        return cls(fault)

    def shows(self, fault: Fault) -> bool:
        """Whether it has this fault now."""
        return fault in (self._own, _asked_for())


def _asked_for() -> Fault | None:
    """A file that cannot be read asks for nothing."""
    try:
        asked = json.loads(SWITCH.read_bytes())
        return _SWITCHED.get(asked["fault"]) if time.time() < float(asked["until"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
