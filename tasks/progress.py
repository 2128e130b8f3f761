"""How far an incident's acts came, by its journal: what a run that goes on after a crash, or stops early, must know."""

from collections.abc import Iterable
from enum import StrEnum

from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from tasks.case import Case
from tasks.ended import Ended


class Progress(StrEnum):
    """Where the incident's own acts left traffic."""

    UNMOVED = "unmoved"
    MOVED = "moved"
    VERIFIED = "verified"
    FAILED = "failed"
    RETURNED = "returned"


def progress(entries: Iterable[Entry]) -> Progress:
    """The last word of the journal on it."""
    found = Progress.UNMOVED
    for entry in entries:
        if entry.kind == Happened.SWITCHED:
            found = Progress.MOVED
        elif entry.kind == Happened.VERIFIED:
            found = Progress.VERIFIED if entry.data["ok"] else Progress.FAILED
        elif entry.kind == Happened.WENT_BACK:
            found = Progress.RETURNED
    return found


def never_forward_again(case: Case, plan: Plan) -> None:
    """End a run that was killed on its way back, instead of giving the target traffic a second time.

    Raises:
        Ended: went back, where the target failed its verification and traffic is where it was.
    """
    found = progress(case.ledger.entries(case.incident.id))
    if found not in (Progress.FAILED, Progress.RETURNED):
        return
    route = case.document.platform.route()
    if route.slot != plan.from_slot:
        return
    if found is Progress.FAILED:
        # Killed between the switch back and its entry: the record gets it now.
        receipt = {"changed": True, "before": plan.to_slot, "after": plan.from_slot}
        case.note(Happened.WENT_BACK, receipt=receipt, error="the target did not verify")
    raise Ended(Outcome.WENT_BACK, "the target did not verify; traffic is where it was")
