"""What nobody expected: a defect of Backout's, or of a library."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.errors.base import BackoutError

LONGEST = 300
SECRET = re.compile(
    r"(?<=://)[^/\s@]+@|(?i:(?<=password=)|(?<=token=)|(?<=secret=)|(?<=bearer ))[^\s&;,'\"]+"
)
"""What is taken out of a foreign message: credentials in an address, and values of telling names."""


@dataclass(eq=False)
class Unforeseen(BackoutError):
    """An act failed in a way that Backout has no word for. `error`: its type; `why`: its message, without secrets."""

    error: str
    why: str

    @classmethod
    def of(cls, error: BaseException) -> Unforeseen:
        """The error's type and the first line of its message."""
        lines = str(error).strip().splitlines()
        return cls(error=type(error).__name__, why=SECRET.sub("***", lines[0])[:LONGEST] if lines else "")

    def what(self) -> str:
        return f"unforeseen {self.error}: {self.why}" if self.why else f"unforeseen {self.error}"

    def next_step(self) -> str:
        return "this is a defect of Backout's: the run's log has all of it; please report it"


def in_words(error: Exception) -> str:
    """What failed, on what, why, in one line without secrets, whether it is an error of ours or not."""
    return (error if isinstance(error, BackoutError) else Unforeseen.of(error)).what()
