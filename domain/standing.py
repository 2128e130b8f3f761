"""Where an open incident stands: its step, what it waits for, and how long it will still take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.gate import asked_at
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Decision, Plan
from domain.report.markdown import duration, moment

ENDS_OF_ACTS = (Happened.ACT_DONE, Happened.ACT_FAILED)
NO_STEP = "taking the request in"


class Standing(BaseModel):
    """An open incident at one moment; all texts are plain.

    Attributes:
        step: what is done now, `switch (3 of 6)`.
        status: in one line: waiting for whom until when, acting, or without a sign of life.
        eta: what is left.
        acting: a run acts, with the consent it needs.
        switched: traffic was moved already.
        open_s: seconds since it was opened.
    """

    model_config = ConfigDict(frozen=True)

    step: str
    status: str
    eta: str
    acting: bool
    switched: bool
    open_s: float


def slot(opened_at: datetime, now: datetime, every_s: int) -> int:
    """How many updates are due by now: 0 in the first stretch of `every_s` seconds. A clock set back is 0 too."""
    return max(0, int((now - opened_at).total_seconds() // every_s))


def standing(
    entries: Sequence[Entry], plan: Plan | None, opened_at: datetime, now: datetime, *, alive: bool = True
) -> Standing:
    """Read it from the journal.

    Args:
        entries: the incident's, in order.
        plan: None where there is none yet.
        opened_at: when it was opened.
        now: the moment it is asked for.
        alive: whether its run gave a sign of life, or people are still in time.
    """
    asked = _waiting_since(entries)
    return Standing(
        step="wait for consent" if asked else _step(entries, plan),
        status=_status(entries, plan, asked, alive=alive),
        eta=_eta(entries, plan, asked, now),
        acting=alive and asked is None and plan is not None and plan.stops_with is None,
        switched=any(entry.kind == Happened.SWITCHED for entry in entries),
        open_s=max(0.0, (now - opened_at).total_seconds()),
    )


def _waiting_since(entries: Sequence[Entry]) -> Entry | None:
    """The entry that asked people, where nothing went on since."""
    rows = [entry for entry in entries if entry.kind in (Happened.CONSENT_ASKED, Happened.RESUMED)]
    return rows[-1] if rows and rows[-1].kind == Happened.CONSENT_ASKED else None


def _step(entries: Sequence[Entry], plan: Plan | None) -> str:
    begun = [entry.data["act"] for entry in entries if entry.kind == Happened.ACT_STARTED]
    if not begun:
        return NO_STEP
    acts = plan.acts if plan else []
    return f"{begun[-1]} ({acts.index(begun[-1]) + 1} of {len(acts)})" if begun[-1] in acts else begun[-1]


def _status(entries: Sequence[Entry], plan: Plan | None, asked: Entry | None, *, alive: bool) -> str:
    if asked is not None:
        until = moment(datetime.fromisoformat(asked.data["deadline"]))
        late = "" if alive else ", which has passed"
        gate = asked_at(asked)
        what = f"consent to more than {gate.share} % of the traffic" if gate else "consent"
        return f"waiting for {what} until {until}{late}"
    if not alive:
        return "interrupted: its run gives no sign of life, and is taken up again"
    if plan is None:
        return "looking at what serves and what can be gone back to"
    acts = [entry for entry in entries if entry.kind in (Happened.ACT_STARTED, *ENDS_OF_ACTS)]
    failed = f"; {acts[-1].data['act']} failed, and is tried again" if _failed(acts) else ""
    moved = any(entry.kind == Happened.SWITCHED for entry in entries)
    own = (Decision.RESTART, Decision.DEPLOY, Decision.SHIFT)
    act = str(plan.decision) if plan.decision in own else "rollback"
    which = "new" if plan.decision is Decision.DEPLOY else "old"
    part = "a part of the traffic" if plan.to_shares else "traffic"
    said = f"{part} is on the {which} release, which is being checked" if moved else f"the {act} is under way"
    return said + failed


def _failed(acts: Sequence[Entry]) -> bool:
    return bool(acts) and acts[-1].kind == Happened.ACT_FAILED


def _eta(entries: Sequence[Entry], plan: Plan | None, asked: Entry | None, now: datetime) -> str:
    if plan is None:
        return "not yet known"
    expected = plan.eta_s or float(plan.rto_s)
    if asked is not None:
        return f"{duration(expected)} after the answer"
    starts = [entry.at for entry in entries if entry.kind in (Happened.RESUMED, Happened.PLANNED)]
    left = expected - ((now - starts[-1]).total_seconds() if starts else 0.0)
    if left > 0:
        return f"about {duration(left)} left"
    return f"overdue: it was to take {duration(expected)}"
