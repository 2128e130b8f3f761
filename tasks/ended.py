"""How an act ends its run early: with one of the outcomes."""

from dataclasses import dataclass

from domain.outcomes import Outcome


@dataclass(eq=False)
class Ended(Exception):  # noqa: N818 - it is an end, not an error
    """The run ends here. `why`: one line for the journal and the report."""

    outcome: Outcome
    why: str = ""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.why}"


class Interrupted(Exception):  # noqa: N818 - a person asked for it
    """Ctrl-C, or the worker's end: no further act begins. The incident stays open, and can be gone on with."""
