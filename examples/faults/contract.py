"""What every target of a fault promises. The shared suite: `tests/examples/faults/contract.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import ClassVar


class Fault(StrEnum):
    """What can be wrong."""

    ERRORS = "errors"
    LATENCY = "latency"
    CRASH_LOOP = "crash-loop"
    FAILING_HEALTH = "failing-health"
    BAD_MIGRATION = "bad-migration"
    EXHAUSTED_CONNECTIONS = "exhausted-connections"
    DEAD_DEPENDENCY = "dead-dependency"
    FULL_DISK = "full-disk"
    PAUSED = "paused"


class Target(ABC):
    """One thing that runs, and can be broken and mended.

    Attributes:
        kind: the word before the colon.
        faults: what it can have -> what that does to it, in words.
        place: the word after the colon: a path, or the name of a variable that holds an address. Never a secret.
    """

    kind: ClassVar[str]
    faults: ClassVar[Mapping[Fault, str]]

    def __init__(self, place: str) -> None:
        self.place = place

    @abstractmethod
    def inject(self, fault: Fault, until: float) -> AbstractContextManager[None]:
        """The fault shows inside of the block, which the keeper's process holds; `until`: seconds since 1970.

        What raises has changed nothing, or is undone by `undo`.
        """

    @abstractmethod
    def undo(self, fault: Fault) -> None:
        """Take it away, from any process, also where its keeper was killed. Nothing where it is not there."""
