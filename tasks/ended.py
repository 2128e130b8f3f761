"""How an act ends its run early: with one of the outcomes."""

from dataclasses import dataclass

from domain.outcomes import Outcome


@dataclass(eq=False)
class Ended(Exception):
    """The run ends here. `why`: one line for the journal and the report."""

    outcome: Outcome
    why: str = ""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.why}"


class Interrupted(Exception):
    """Ctrl-C, or the worker's end: no further act begins. The incident stays open, and can be gone on with."""
