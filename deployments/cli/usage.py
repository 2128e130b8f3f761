"""A command line that cannot be carried out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.errors import BackoutError


@dataclass(eq=False)
class BadUsage(BackoutError):
    """An option or argument is wrong; nothing was done.

    Attributes:
        problem: what is wrong, with the option's name.
        allowed: the values that would do, where they can be listed.
        step: what to do instead, where the help would not say it.
    """

    exit_code: ClassVar[int] = 2
    problem: str
    allowed: Sequence[str] = ()
    step: str = ""

    def what(self) -> str:
        choice = f" (allowed: {', '.join(self.allowed)})" if self.allowed else ""
        return f"{self.problem}{choice}"

    def next_step(self) -> str:
        return self.step or "see `backout COMMAND --help`"
