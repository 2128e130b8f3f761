"""The stretches of time an incident is made of, for the picture."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.report.record import Record
from domain.report.times import Times

AFTERWARDS = {"report", "soak"}
"""Acts that come after the incident is mended; they would only squeeze the picture."""


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
    asked = record.first(Happened.CONSENT_ASKED)
    if asked:
        found.append(_waiting(asked, record, when))
    found += [_act(name, record) for name in _names(record)]
    return sorted([*found, *_going_back(record)], key=lambda phase: phase.start)


def _between(name: str, start: datetime, end: datetime) -> Phase:
    return Phase(name=name, start=start, end=max(start, end))


def _waiting(asked: Entry, record: Record, when: Times) -> Phase:
    answered = record.last(Happened.ANSWERED)
    end = answered.at if answered else when.closed or record.end or asked.at
    return Phase(name="wait", start=asked.at, end=max(asked.at, end), ended=answered is not None)


def _names(record: Record) -> list[str]:
    started = [str(entry.data.get("act", "")) for entry in record.all(Happened.ACT_STARTED)]
    return [name for name in dict.fromkeys(started) if name and name not in AFTERWARDS]


def _act(name: str, record: Record) -> Phase:
    """From the act's first start to its last end: an act that a restart repeated is one stretch."""
    rows = [entry for entry in record.all(Happened.ACT_STARTED, *_ENDS) if entry.data.get("act") == name]
    ends = [entry for entry in rows if entry.kind in _ENDS]
    last = ends[-1] if ends else None
    end = last.at if last else record.end or rows[0].at
    failed = last is not None and last.kind == Happened.ACT_FAILED
    return Phase(name=name, start=rows[0].at, end=end, ended=last is not None, failed=failed)


def _going_back(record: Record) -> list[Phase]:
    """From the check that failed to the switch back."""
    back = record.last(Happened.WENT_BACK)
    if back is None:
        return []
    kinds = (Happened.VERIFIED, Happened.ACT_DONE, Happened.ACT_FAILED)
    before = [entry for entry in record.all(*kinds) if entry.seq < back.seq]
    return [_between("go back", before[-1].at if before else back.at, back.at)]


_ENDS = (Happened.ACT_DONE, Happened.ACT_FAILED)
