"""Switch: give the target all traffic."""

from blocks.routers.contract import Receipt
from domain.errors import Conflict
from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.case import SWITCH, Case
from tasks.prepare import still_holds
from tasks.progress import Progress, attempted, before_this_switch, never_forward_again, progress


@act(SWITCH, changes=True)
def switch(case: Case, plan: Plan) -> None:
    """One switch, from where the plan found traffic to the plan's target. A no-op where it already is there.

    Raises:
        Ended: went back, where an earlier try of this run switched, failed verification and returned. Held, where
            the slot holds another release than planned.
        Conflict: traffic is on neither; somebody else moved it.
        Unreachable: the router cannot be asked; nothing was changed.
    """
    never_forward_again(case, plan)
    if case.document.platform.route().slot != plan.to_slot:
        still_holds(case, plan)
    receipt = move(case, plan.to_slot, expected=plan.from_slot)
    if receipt.changed:
        case.note(Happened.SWITCHED, receipt=receipt.model_dump(mode="json"))
        return
    entries = case.ledger.entries(case.incident.id)
    if progress(entries) is Progress.UNMOVED:
        # Killed between the switch and its entry: the record gets it now. Without an intent, somebody else moved it.
        ours = attempted(before_this_switch(entries))
        found = receipt.model_copy(update={"before": plan.from_slot, "changed": ours})
        case.note(Happened.SWITCHED, receipt=found.model_dump(mode="json"))


def move(case: Case, slot: str | None, expected: str | None) -> Receipt:
    """Move traffic to `slot`, if it is on `expected` or already there."""
    platform = case.document.platform
    route = platform.route()
    if slot is None or route.slot not in (expected, slot):
        raise Conflict(on=f"traffic of {case.document.name}", expected=str(expected), found=str(route.slot))
    return platform.activate(slot, route)
