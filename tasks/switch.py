"""Switch: give the target all traffic, or the share of it that the plan says."""

from collections.abc import Mapping

from blocks.routers.contract import Receipt
from blocks.sharing import share_out
from domain.errors import Conflict
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.request import Kind
from domain.shares import WHOLE, in_words
from tasks.act import act
from tasks.case import SWITCH, Case
from tasks.left_behind import end_left_behind
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
    end_left_behind(case)
    never_forward_again(case, plan)
    if case.document.platform.route().served != plan.after:
        still_holds(case, plan)
    receipt = move(case, plan, plan.after)
    if receipt.changed:
        case.note(Happened.SWITCHED, receipt=receipt.model_dump(mode="json"))
        return
    entries = case.ledger.entries(case.incident.id)
    if progress(entries) is Progress.UNMOVED:
        # Killed between the switch and its entry: the record gets it now. Without an intent, somebody else moved it.
        ours = attempted(before_this_switch(entries))
        found = receipt.model_copy(update={"before": plan.from_slot, "changed": ours})
        case.note(Happened.SWITCHED, receipt=found.model_dump(mode="json"))


def move(case: Case, plan: Plan, wanted: Mapping[str, int]) -> Receipt:
    """Give the slots these shares, where the plan's two slots have the traffic now: all of it one of them, or both together.

    Of a shift more is asked: it may be as the plan found it, or as it wants it, and in no other way. On its way back that
    is not asked: what is counted in pods changes by itself.
    """
    platform = case.document.platform
    route = platform.route()
    ours = set(route.served or [None]) <= {plan.from_slot, plan.to_slot}
    if route.shares:
        ours = ours and sum(route.shares.values()) == WHOLE
    if plan.to_shares and wanted != plan.before:
        ours = route.served in (plan.before, plan.after)
    if case.request.force or case.request.kind is Kind.EMERGENCY:
        # What goes to no slot is lost to users: it is not kept so.
        ours = ours or (plan.from_slot is None and route.slot is None)
    if not wanted or not ours:
        found = in_words(route.served) if route.served else str(route.slot)
        raise Conflict(
            on=f"traffic of {case.document.name}", expected=in_words(plan.before) or "no slot", found=found
        )
    receipt = share_out(platform, wanted, route)
    return receipt.model_copy(update={"before": receipt.before or in_words(route.served) or None})
