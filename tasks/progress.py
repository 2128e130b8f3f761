"""How far an incident's acts came, by its journal: what a run that goes on after a crash, or stops early, must know."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from domain.assess_deploy import SHIFT, TAKE_PLACE
from domain.errors import Conflict
from domain.findings import Verdict
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from tasks.case import SWITCH, Case
from tasks.ended import Ended


class Progress(StrEnum):
    """Where the incident's own acts left traffic."""

    UNMOVED = "unmoved"
    MOVED = "moved"
    VERIFIED = "verified"
    FAILED = "failed"
    RETURNED = "returned"
    FOREIGN = "moved by somebody else"


def progress(entries: Iterable[Entry]) -> Progress:
    """The last word of the journal on it."""
    found = Progress.UNMOVED
    for entry in entries:
        if entry.kind == Happened.SWITCHED:
            found = Progress.MOVED if entry.data["receipt"]["changed"] else Progress.FOREIGN
        elif entry.kind == Happened.VERIFIED and found is not Progress.FOREIGN:
            found = Progress.VERIFIED if entry.data["ok"] else Progress.FAILED
        elif entry.kind == Happened.JUDGED and found in (Progress.MOVED, Progress.VERIFIED):
            found = Progress.FAILED if entry.data["verdict"] == Verdict.BAD else found
        elif entry.kind == Happened.WENT_BACK:
            found = Progress.RETURNED
    return found


def moved(entries: Iterable[Entry]) -> bool:
    """Whether all traffic was given to the target, whatever became of it."""
    return any(entry.kind == Happened.SWITCHED for entry in entries)


def attempted(entries: Iterable[Entry]) -> bool:
    """Whether the incident began a switch that may have moved traffic: the intent is written right before the act.

    A switch that met a conflict changed nothing; the steps of a deploy before it did.
    """
    begun = shared = False
    for entry in entries:
        shared = shared or entry.kind == Happened.SHIFTED
        if entry.data.get("act") not in (SWITCH, SHIFT, TAKE_PLACE):
            continue
        if entry.kind == Happened.ACT_STARTED:
            begun = True
        elif entry.kind == Happened.ACT_FAILED and entry.data.get("type") == Conflict.__name__:
            begun = shared
    return begun


def before_this_switch(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The journal up to the switch that is under way now."""
    starts = [
        number
        for number, entry in enumerate(entries)
        if entry.kind == Happened.ACT_STARTED and entry.data.get("act") == SWITCH
    ]
    return entries[: starts[-1]] if starts else entries


def never_forward_again(case: Case, plan: Plan) -> None:
    """End a run that was killed on its way back, instead of giving the target traffic a second time.

    Raises:
        Ended: went back, where the target failed its verification and traffic is where it was.
    """
    found = progress(case.ledger.entries(case.incident.id))
    if found not in (Progress.FAILED, Progress.RETURNED):
        return
    route = case.document.platform.route()
    if route.served != plan.before:
        return
    if found is Progress.FAILED:
        # Killed between the switch back and its entry: the record gets it now.
        receipt = {"changed": True, "before": plan.to_slot, "after": plan.from_slot}
        case.note(Happened.WENT_BACK, receipt=receipt, error="the target did not verify")
    raise Ended(Outcome.WENT_BACK, "the target did not verify; traffic is where it was")
