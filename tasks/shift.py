"""Shift: the new release gets the traffic by steps, each looked at before the next. A bad step ends in the way back."""

from blocks.routers.contract import Receipt, Route
from blocks.sharing import share_out
from domain.assess_deploy import SHIFT
from domain.errors import CanaryInterrupted, Conflict
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.shares import WHOLE, in_words
from tasks.act import act
from tasks.analyse import analyse, moved_by_others
from tasks.case import Case
from tasks.progress import Progress, attempted, moved, never_forward_again, progress


def back_if_cut_off(case: Case) -> None:
    """End a deploy that was cut off while traffic was shared out: nobody looked at the new release since.

    Going on would be as easy; going back is safer: whatever cut the run off may have been the new release. A run that was cut
    off after 100 % goes on: it verifies and watches anew.

    Raises:
        CanaryInterrupted: all traffic has to go back.
        Ended: went back, where it did already. Held, where all of it was given to the new release, and somebody else moved it since.
    """
    entries = case.ledger.entries(case.incident.id)
    if not attempted(entries):
        return
    plan = case.plan
    never_forward_again(case, plan)
    route = case.document.platform.route()
    if route.slot == plan.to_slot:
        return
    if moved(entries):
        raise moved_by_others(route)
    raise CanaryInterrupted(release=plan.to_release or "")


def shift(case: Case, plan: Plan) -> None:
    """All the plan's steps; nothing where the new release has all of it. Raises CanaryFailed, Conflict, Unreachable."""
    if case.document.platform.route().slot == plan.to_slot:
        _note_whole(case, plan)
        return
    for share in plan.rollout.steps if plan.rollout else [WHOLE]:
        give(case, plan, share)
        if share < WHOLE:
            analyse(case, plan, share, case.document.deploy.step_s)


@act(SHIFT, changes=True)
def give(case: Case, plan: Plan, share: int) -> None:
    """One step. A no-op where the new release has this share.

    Raises:
        Conflict: traffic is somewhere else than this deploy left it.
        Unreachable: the router cannot be asked; nothing was changed.
    """
    platform = case.document.platform
    route, new, old = platform.route(), plan.to_slot or "", plan.from_slot or ""
    if not _ours(case, route, plan):
        on = f"traffic of {case.document.name}"
        raise Conflict(on=on, expected=old, found=in_words(route.served) or "nowhere known")
    shares = {new: WHOLE} if share == WHOLE else {old: WHOLE - share, new: share}
    receipt = share_out(platform, shares, route)
    case.note(Happened.SHIFTED, shares=shares, receipt=receipt.model_dump(mode="json"), said=in_words(shares))
    if share == WHOLE:
        _note_whole(case, plan)


def _ours(case: Case, route: Route, plan: Plan) -> bool:
    """Whether traffic is where the deploy began, or where its own steps left it: once given a share, the new release has one.

    The numbers are not compared: some routers come only near to what they were told.
    """
    given = any(entry.kind == Happened.SHIFTED for entry in case.ledger.entries(case.incident.id))
    known = set(route.served) <= {plan.from_slot, plan.to_slot}
    return bool(route.served) and known and (not given or plan.to_slot in route.served)


def _note_whole(case: Case, plan: Plan) -> None:
    """All traffic is on the new release: from here on it is as after any switch. Also where a killed run could not note it."""
    if progress(case.ledger.entries(case.incident.id)) is Progress.UNMOVED:
        receipt = Receipt(changed=True, before=plan.from_slot, after=plan.to_slot or "")
        case.note(Happened.SWITCHED, receipt=receipt.model_dump(mode="json"))
