"""The stretches of time an incident is made of, for the picture."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.journal_kinds import Happened
from domain.report.record import Record
from domain.report.times import Times
from domain.report.waiting import Waiting, questions

UNSHOWN = {"survey", "compare", "try checks", "assess", "announce", "settle", "tell", "report", "soak"}
"""Acts that are part of deciding, or come after the incident is mended: they would only squeeze the picture."""


class Phase(BaseModel):
    """One stretch. `name`: `detect`, `start`, `decide`, `wait`, `go back`, or the act's own name. `ended`: it came to its end."""

    model_config = ConfigDict(frozen=True)

    name: str
    start: datetime
    end: datetime
    ended: bool = True
    failed: bool = False

    @property
    def seconds(self) -> float:
        """Its length in seconds, never below 0."""
        return max(0.0, (self.end - self.start).total_seconds())


def phases(record: Record, when: Times) -> list[Phase]:
    """All stretches, by their start."""
    before = [_between("detect", when.detected, when.asked), _between("start", when.asked, when.opened)]
    found = [phase for phase in before if phase.seconds]
    planned = record.first(Happened.PLANNED)
    if planned:
        found.append(_between("decide", when.opened, planned.at))
    found += [_waiting(row, record, when) for row in questions(record)]
    acts = _acts(record)
    back = [] if any(phase.name == "go back" for phase in acts) else _going_back(record)
    return sorted([*found, *acts, *back], key=lambda phase: phase.start)


def _between(name: str, start: datetime, end: datetime) -> Phase:
    return Phase(name=name, start=start, end=max(start, end))


def _waiting(row: Waiting, record: Record, when: Times) -> Phase:
    asked, answered = row.asked, row.answered
    end = answered.at if answered else when.closed or record.end or asked.at
    name = f"wait at {row.gate.share} %" if row.gate else "wait"
    return Phase(name=name, start=asked.at, end=max(asked.at, end), ended=answered is not None)


def _acts(record: Record) -> list[Phase]:
    """Each act from its start to its end; one that was killed runs on until its repetition ends."""
    found: list[Phase] = []
    running: dict[str, datetime] = {}
    for entry in record.all(Happened.ACT_STARTED, Happened.ACT_DONE, Happened.ACT_FAILED):
        name = str(entry.data.get("act", ""))
        if entry.kind == Happened.ACT_STARTED:
            running.setdefault(name, entry.at)
        elif name in running:
            failed = entry.kind == Happened.ACT_FAILED
            found.append(Phase(name=name, start=running.pop(name), end=entry.at, failed=failed))
    end = record.end
    found += [Phase(name=name, start=start, end=end or start, ended=False) for name, start in running.items()]
    return [phase for phase in found if phase.name not in UNSHOWN]


def _going_back(record: Record) -> list[Phase]:
    """From the check that failed to the switch back."""
    back = record.last(Happened.WENT_BACK)
    if back is None:
        return []
    kinds = (Happened.VERIFIED, Happened.ACT_DONE, Happened.ACT_FAILED)
    before = [entry for entry in record.all(*kinds) if entry.seq < back.seq]
    return [_between("go back", before[-1].at if before else back.at, back.at)]
