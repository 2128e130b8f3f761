"""When people were asked, and when they had answered: about the plan, and at each gate of a deploy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.gate import asked_at
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.report.record import Record
from domain.rollout import Gate


@dataclass(frozen=True)
class Waiting:
    """One question. `gate`: of a deploy; None for the plan itself. `answered`: the last answer; None where there was none."""

    asked: Entry
    answered: Entry | None
    gate: Gate | None

    def seconds(self, end: datetime | None) -> float:
        """How long people were waited for, until `end` where nobody answered."""
        until = self.answered.at if self.answered else end
        return max(0.0, (until - self.asked.at).total_seconds()) if until else 0.0


def questions(record: Record) -> list[Waiting]:
    """All of them, in order; one that was asked again after a crash is the same."""
    asked: list[Entry] = []
    for entry in record.all(Happened.CONSENT_ASKED):
        if not asked or asked_at(entry) != asked_at(asked[-1]):
            asked.append(entry)
    ends = [later.seq for later in asked[1:]]
    answers = record.all(Happened.ANSWERED)
    return [
        Waiting(asked=entry, answered=_last(answers, entry.seq, end), gate=asked_at(entry))
        for entry, end in zip(asked, [*ends, None], strict=False)
    ]


def _last(answers: Sequence[Entry], after: int, before: int | None) -> Entry | None:
    """The last answer between two questions. What was brought in from a local journal has a later number, and no later question."""
    between = [row for row in answers if row.seq > after and (before is None or row.seq < before)]
    return between[-1] if between else None
