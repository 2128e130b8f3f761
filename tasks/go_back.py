"""Go back: the target did not verify, so traffic returns to where it was."""

from domain.errors import BackoutError
from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case
from tasks.switch import move


@act("go back", changes=True)
def go_back(case: Case, plan: Plan, error: BackoutError) -> None:
    """Return traffic to the slot it came from; both errors go into the report.

    Raises:
        Conflict: somebody else moved traffic in between.
        Unreachable: the router cannot be asked.
    """
    receipt = move(case, plan.from_slot, expected=plan.to_slot)
    case.note(Happened.WENT_BACK, receipt=receipt.model_dump(mode="json"), error=str(error))
