"""A document, block or setting cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.errors.base import BackoutError

REQUEST = "request"
"""What stands for the file where a form or a command line was filled in wrongly."""


@dataclass(eq=False)
class ConfigurationError(BackoutError):
    """A configuration that cannot be used.

    Attributes:
        file: the file's path, or where else it came from ("block flappyjournal--production").
        key: the dotted path inside it, e.g. `applications[0].platform.slots`.
        problem: what is wrong with the value.
        allowed: the values that would do, where they can be listed.
    """

    exit_code: ClassVar[int] = 2
    file: str
    key: str
    problem: str
    allowed: Sequence[str] = ()

    def what(self) -> str:
        choice = f" (allowed: {', '.join(self.allowed)})" if self.allowed else ""
        return f"{self.file}: {self.key}: {self.problem}{choice}"

    def next_step(self) -> str:
        if self.file == REQUEST:
            return f"correct {self.key} in what you asked for, and start it again"
        return f"correct {self.key} in {self.file}, then run `backout apply`"


@dataclass(eq=False)
class UnknownKind(ConfigurationError):
    """`kind` names no file in the adapter's folder."""


@dataclass(eq=False)
class MissingSecret(ConfigurationError):
    """A `${NAME}` or `block:slug/name` that cannot be resolved on this host. `variable`: its name, where it is one."""

    variable: str = ""

    def next_step(self) -> str:
        return "set the variable where the run executes and restart `backout serve`, or fill in the block's secrets"


@dataclass(eq=False)
class Drift(ConfigurationError):
    """The Application block was changed beside `backout.yaml`."""

    exit_code: ClassVar[int] = 1
    NEXT: ClassVar[str] = (
        "`backout apply FILE` restores what the file says (put a change you want to keep into it first); "
        "`backout rollback APP --break-glass` goes by the file and does without the block"
    )

    def next_step(self) -> str:
        return self.NEXT
