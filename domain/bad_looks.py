"""What the looks of a watch come to: when what they see is trouble, and when that takes a release back."""

from __future__ import annotations

from dataclasses import dataclass

BAD_IN_A_ROW = 3
"""Looks that see something bad until it is trouble: one can be a slow moment, or the first after the host was down."""


@dataclass(frozen=True)
class Seen:
    """One look at what serves.

    Attributes:
        problem: what is wrong in one line, empty where nothing is.
        certain: trouble by itself; else it takes `BAD_IN_A_ROW` of them.
        no_data: nothing could be seen: it breaks no row of bad looks, and adds nothing to one.
        bad: something of it stands against the release: it was seen to be bad, and was not so before.
        once: one restart after a deploy, and nothing else. The watch does not end well with it, and goes on to see a second.
    """

    problem: str = ""
    certain: bool = False
    no_data: bool = False
    bad: bool = False
    once: bool = False


@dataclass(frozen=True)
class BadLooks:
    """What was seen up to now.

    Attributes:
        wrong: looks in a row with a problem, whatever it was.
        against: looks in a row that stand against the release. A rollback needs `BAD_IN_A_ROW` of them, also after the end.
        late: looks after the longest time that the watch has, good ones too.
    """

    wrong: int = 0
    against: int = 0
    late: int = 0

    def then(self, seen: Seen, *, late: bool = False) -> BadLooks:
        """With one look more."""
        looks = self.late + late
        if seen.no_data:
            return BadLooks(self.wrong, self.against, looks)
        wrong = self.wrong + 1 if seen.problem and not seen.once else 0
        return BadLooks(wrong, self.against + 1 if seen.bad else 0, looks)

    def trouble(self, seen: Seen) -> bool:
        """Whether the watch ends with this look. It waits until a row that stands against the release is whole, or broken."""
        if seen.certain or self.against >= BAD_IN_A_ROW:
            return True
        if self.late >= BAD_IN_A_ROW:
            return bool(seen.problem)
        return self.wrong >= BAD_IN_A_ROW and not self.against
