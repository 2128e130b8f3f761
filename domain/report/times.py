"""When things happened, and how long they took beside what was promised."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.policy import Policy, Span
from domain.report.record import Record
from domain.report.waiting import questions

AFTER = ("report", "soak")
"""Acts of every plan that come after the rollback, also where there was none."""


class Times(BaseModel):
    """The moments a runbook's timeline asks for; None where it did not come to that.

    Attributes:
        detected: the first bad finding that fired the trigger, else when somebody asked.
        asked: when a trigger or a person asked; `opened`: when the run took it up.
        decided: the last yes where people were asked, else when the plan was made.
        initiated: when the plan's first act began.
        switched: when traffic was first moved.
        verified: when the target last passed its checks, or users were seen well with a feature off; None where the last
            verification failed, and where users are no better off than before.
        told: when the first message went out.
        waited_s: seconds from asking for consent to the last answer; 0 where nobody was asked.
    """

    model_config = ConfigDict(frozen=True)

    detected: datetime
    asked: datetime
    opened: datetime
    decided: datetime | None = None
    initiated: datetime | None = None
    switched: datetime | None = None
    verified: datetime | None = None
    told: datetime | None = None
    closed: datetime | None = None
    waited_s: float = 0.0

    def seconds(self, span: Span) -> float | None:
        """How long a span took, in seconds; None where its end was not reached."""
        starts = {Span.COMPLETE: self.detected, Span.VERIFY: self.switched}
        ends = {Span.ACT: self.switched, Span.ANNOUNCE: self.told}
        start, end = starts.get(span, self.opened), ends.get(span, self.verified)
        if start is None or end is None:
            return None
        waited = self.waited_s if span in {Span.RUN, Span.ACT} else 0.0
        return max(0.0, (end - start).total_seconds() - waited)

    @property
    def complete_s(self) -> float | None:
        """Seconds from detection to verified traffic; None where it did not come to that."""
        return self.seconds(Span.COMPLETE)


class Kept(BaseModel):
    """A promise beside what it took, both in seconds. `met` is None where it was not reached."""

    model_config = ConfigDict(frozen=True)

    name: str
    span: Span
    seconds: int
    source: str
    took_s: float | None

    @property
    def met(self) -> bool | None:
        """Whether it took no longer than promised."""
        return None if self.took_s is None else self.took_s <= self.seconds


def times(incident: Incident, record: Record, plan: Plan | None) -> Times:
    """The moments of an incident."""
    asked = questions(record)
    about_plan = next((row.answered for row in asked if row.gate is None), None)
    waited = sum(row.seconds(incident.closed_at or record.end) for row in asked)
    seen = [finding.at for finding in incident.request.detection]
    return Times(
        detected=min([*seen, incident.request.at, incident.opened_at]),
        asked=min(incident.request.at, incident.opened_at),
        opened=incident.opened_at,
        decided=_at(about_plan or record.first(Happened.PLANNED)),
        initiated=_at(_first_act(record, plan)),
        switched=_at(_switch(record)),
        verified=_verified(record, plan),
        told=_at(record.first(Happened.MESSAGE_SENT)),
        closed=incident.closed_at or _at(record.last(Happened.CLOSED)),
        waited_s=waited,
    )


def promises(when: Times, plan: Plan | None, policy: Policy) -> list[Kept]:
    """The RTO first, then the policy's budgets, each beside what it took."""
    rows = []
    if plan and plan.rto_s:
        why = f"{plan.severity} severity" + (f", {plan.issue}" if plan.issue else "")
        rows.append(_kept("RTO", Span.COMPLETE, plan.rto_s, why, when))
    return rows + [_kept(row.name, row.span, row.seconds, row.source, when) for row in policy.budgets]


def _kept(name: str, span: Span, seconds: int, source: str, when: Times) -> Kept:
    return Kept(name=name, span=span, seconds=seconds, source=source, took_s=when.seconds(span))


def _at(entry: Entry | None) -> datetime | None:
    return entry.at if entry else None


def _first_act(record: Record, plan: Plan | None) -> Entry | None:
    """The first act of the plan that is not its end; looking, deciding and the report initiate nothing."""
    acts = [act for act in plan.acts if act not in AFTER] if plan else []
    return next((entry for entry in record.all(Happened.ACT_STARTED) if entry.data.get("act") in acts), None)


def _switch(record: Record) -> Entry | None:
    """The switch that moved traffic; a repeated one after a restart says `changed: false`."""
    switches = record.all(Happened.SWITCHED)
    moved = [entry for entry in switches if entry.data.get("receipt", {}).get("changed", True)]
    return next(iter(moved or switches), None)


def _verified(record: Record, plan: Plan | None) -> datetime | None:
    slot = plan.to_slot if plan else None
    looks = [
        entry
        for entry in record.all(Happened.VERIFIED)
        if slot is None or entry.data.get("slot", slot) == slot
    ]
    last = looks[-1] if looks else None
    if last is None:
        return _at(_helped(record))
    compared = record.last(Happened.COMPARED)
    no_better = compared is not None and not compared.data.get("better")
    return last.at if last.data.get("ok") and not no_better else None


def _helped(record: Record) -> Entry | None:
    """The look that saw users well with a feature off: nothing else had to be verified."""
    looked = record.last(Happened.LOOKED_AGAIN)
    return looked if looked and looked.data.get("helped") else None
