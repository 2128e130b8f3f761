"""What a bad release does wrong. Its image says so in `FAULT`, so that one program is the good and the bad release."""

from __future__ import annotations

import os
import sys
from enum import StrEnum

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


def own_fault() -> Fault:
    """The fault of this image. A release that crashes does so right here."""
    fault = Fault(os.environ.get("FAULT", Fault.NONE))
    if fault is Fault.CRASH:
        sys.exit("ERROR cannot start: no module named 'consciousness'")
    return fault
