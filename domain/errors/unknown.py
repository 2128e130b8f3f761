"""What was asked for is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.errors.base import BackoutError


@dataclass(eq=False)
class UnknownApplication(BackoutError):
    """Nothing was applied under this name, or the files that were read do not describe it.

    Attributes:
        known: the names that are there.
        files: what was read instead of the store; empty where that was asked.
    """

    exit_code: ClassVar[int] = 2
    application: str
    known: Sequence[str] = ()
    files: Sequence[str] = ()

    def what(self) -> str:
        names = ", ".join(self.known) or "none"
        if self.files:
            return (
                f"{self.application} is not described by {' or '.join(self.files)} (they describe: {names})"
            )
        return f"application {self.application!r} is not known (known: {names})"

    def next_step(self) -> str:
        if self.files:
            return "name its file with --file, or correct the name"
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
    """No slot holds this release, so it cannot be gone back to; or no record does. `recorded`: whether the records were asked."""

    exit_code: ClassVar[int] = 2
    application: str
    release: str
    known: Sequence[str] = ()
    recorded: bool = False

    def what(self) -> str:
        if self.recorded:
            names = ", ".join(self.known) or "none"
            return f"{self.application}: no release {self.release!r} is recorded (recorded: {names})"
        return f"{self.application}: no slot holds release {self.release!r} (in slots: {', '.join(self.known) or 'none'})"

    def next_step(self) -> str:
        if self.recorded:
            return "correct the version"
        return f"choose one of them with --to, or deploy {self.release} to the idle slot first"


@dataclass(eq=False)
class UnknownPart(BackoutError):
    """The platform has no part of this name that could be taken back alone."""

    exit_code: ClassVar[int] = 2
    part: str
    known: Sequence[str] = ()

    def what(self) -> str:
        if not self.known:
            return f"{self.part!r} cannot be taken back alone: this platform has no parts"
        return f"part {self.part!r} does not exist (parts: {', '.join(self.known)})"

    def next_step(self) -> str:
        return (
            "choose one of them with --only"
            if self.known
            else "take back the whole application, without --only"
        )


@dataclass(eq=False)
class UnknownRemedy(BackoutError):
    """`doctor` knows no such remedy for this adapter."""

    exit_code: ClassVar[int] = 2
    adapter: str
    remedy: str

    def what(self) -> str:
        return f"{self.adapter} has no remedy {self.remedy!r}"

    def next_step(self) -> str:
        return "run `backout doctor APP`: it lists those that fit"


@dataclass(eq=False)
class UnknownSlot(BackoutError):
    """The platform has no slot of this name."""

    slot: str
    known: Sequence[str]

    def what(self) -> str:
        return f"slot {self.slot!r} does not exist (slots: {', '.join(self.known)})"

    def next_step(self) -> str:
        return "choose one of these slots"
