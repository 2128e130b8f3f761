"""What this pod is: a release, its configuration and its flags, all of it from variables.

A release that runs is broken by a file in its container, `{"fault": NAME, "until": SECONDS}`: that is how a drill does it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from enum import StrEnum
from pathlib import Path

SLOW_S = 4.0
"""Longer than anybody waits: Backout's look gives up after 3 s."""


class Fault(StrEnum):
    """What is wrong with a release. An image that does not exist is none of the program's: it never starts."""

    NONE = "none"
    CRASH = "crash"
    READINESS = "readiness"
    SLOW = "slow"
    ERRORS = "errors"
    MIGRATION = "migration"
    INTEGRATION = "integration"


VERSION = os.environ.get("APP_VERSION", "unknown")
MODEL = os.environ.get("MODEL", "unknown")
FAULT = Fault(os.environ.get("FAULT", Fault.NONE))
REPLY_COLUMN = "response" if FAULT is Fault.MIGRATION else "reply"
"""The release with the bad migration reads a column that the migration does not make."""


SWITCH = Path("/tmp/backout-fault.json")  # noqa: S108 - in the container
_SWITCHED = {
    "errors": Fault.ERRORS, "latency": Fault.SLOW, "failing-health": Fault.READINESS, "crash-loop": Fault.CRASH,
}  # fmt: skip


def shows(fault: Fault) -> bool:
    """Whether it has this fault now."""
    return fault in (FAULT, _asked_for())


def _asked_for() -> Fault | None:
    """What the file asks for, until its time is over; one that cannot be read asks for nothing."""
    try:
        asked = json.loads(SWITCH.read_bytes())
        return _SWITCHED.get(asked["fault"]) if time.time() < float(asked["until"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def flag(name: str) -> bool:
    """Whether a feature is on."""
    return os.environ.get(f"FEATURE_{name}", "false") == "true"


def start() -> None:
    """Say who starts. A release that crashes does so right here."""
    if FAULT is Fault.CRASH:
        sys.exit("ERROR cannot start: no module named 'jarvis.planner'")
    print(f"INFO {VERSION} starts", flush=True)
