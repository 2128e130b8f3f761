"""What this pod is: a release, its configuration and its flags, all of it from variables."""

from __future__ import annotations

import os
import sys
from enum import StrEnum

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


def flag(name: str) -> bool:
    """Whether a feature is on."""
    return os.environ.get(f"FEATURE_{name}", "false") == "true"


def start() -> None:
    """Say who starts. A release that crashes does so right here."""
    if FAULT is Fault.CRASH:
        sys.exit("ERROR cannot start: no module named 'jarvis.planner'")
    print(f"INFO {VERSION} starts", flush=True)
