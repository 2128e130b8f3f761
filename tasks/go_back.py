"""Go back: the target did not verify, so traffic returns to where it was."""

from domain.errors import BackoutError
from domain.findings import all_ok, summary
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case
from tasks.ended import Ended
from tasks.look import at_slot
from tasks.switch import move


@act("go back", changes=True)
def go_back(case: Case, plan: Plan, error: BackoutError) -> None:
    """Return traffic to the slot it came from; both errors go into the report.

    Raises:
        Ended: stuck, where the slot it came from is not well and the target is: the only healthy copy keeps the traffic.
        Conflict: somebody else moved traffic in between.
        Unreachable: the router cannot be asked.
    """
    if why := _worse_there(case, plan):
        raise Ended(Outcome.STUCK, f"{error}; stays on {plan.to_slot}: {why}")
    receipt = move(case, plan.from_slot, expected=plan.to_slot)
    case.note(Happened.WENT_BACK, receipt=receipt.model_dump(mode="json"), error=str(error))


def _worse_there(case: Case, plan: Plan) -> str:
    """Why traffic must not return, in one line; empty where it may."""
    document = case.document
    if plan.from_slot is None or plan.to_slot is None or document.platform.route().slot != plan.to_slot:
        return ""
    origin = document.platform.slot(plan.from_slot)
    found = at_slot(document, origin) if origin.running else []
    if all_ok(found) or not all_ok(at_slot(document, document.platform.slot(plan.to_slot))):
        return ""
    said = f"is not healthy: {summary(found)}" if found else "is down"
    return f"{plan.from_slot} {said}, and {plan.to_slot} is healthy at its own address"
