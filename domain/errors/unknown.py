"""What was asked for is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.errors.base import BackoutError


@dataclass(eq=False)
class UnknownApplication(BackoutError):
    """Nothing was applied under this name."""

    exit_code: ClassVar[int] = 2
    application: str
    known: Sequence[str] = ()

    def what(self) -> str:
        return f"application {self.application!r} is not known (known: {', '.join(self.known) or 'none'})"

    def next_step(self) -> str:
        return "run `backout apply backout.yaml`, or correct the name"


@dataclass(eq=False)
class UnknownIncident(BackoutError):
    """No incident has this id."""

    exit_code: ClassVar[int] = 2
    incident: str

    def what(self) -> str:
        return f"incident {self.incident!r} is not known"

    def next_step(self) -> str:
        return "`backout audit` lists them"


@dataclass(eq=False)
class UnknownRelease(BackoutError):
    """No slot holds this release, so it cannot be gone back to."""

    application: str
    release: str
    known: Sequence[str] = ()

    def what(self) -> str:
        return f"{self.application}: no slot holds release {self.release!r} (in slots: {', '.join(self.known) or 'none'})"

    def next_step(self) -> str:
        return f"choose one of them with --to, or deploy {self.release} to the idle slot first"


@dataclass(eq=False)
class UnknownSlot(BackoutError):
    """The platform has no slot of this name."""

    slot: str
    known: Sequence[str]

    def what(self) -> str:
        return f"slot {self.slot!r} does not exist (slots: {', '.join(self.known)})"

    def next_step(self) -> str:
        return "choose one of these slots"
