"""Shift: the new release gets the traffic by steps, each looked at before the next. A bad step ends in the way back."""

from collections.abc import Callable, Iterable

from blocks.routers.contract import Receipt, Route
from blocks.sharing import share_out
from domain.assess_deploy import SHIFT
from domain.errors import CanaryInterrupted, Conflict
from domain.gate import steps_left, waits_at
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.shares import WHOLE, in_words
from tasks.act import act
from tasks.analyse import analyse, moved_by_others
from tasks.case import Case
from tasks.database_progress import schema_returning
from tasks.progress import Progress, attempted, moved, never_forward_again, progress
from tasks.take_place import put_in_place

Gatekeeper = Callable[[Case, Plan, int], None]
"""Called after the analysis of each share below 100; raises where no more traffic may follow."""


def at_a_gate(case: Case) -> bool:
    """Whether the run goes on from a gate of its deploy, where people were asked: it was not cut off."""
    return waits_at(case.ledger.entries(case.incident.id)) is not None


def back_if_cut_off(case: Case) -> None:
    """End a deploy that was cut off while traffic was shared out: nobody looked at the new release since.

    Going on would be as easy; going back is safer: whatever cut the run off may have been the new release. A run that was cut
    off after 100 % goes on: it verifies and watches anew.

    Raises:
        CanaryInterrupted: all traffic has to go back, or the schema was on its way back.
        Ended: went back, where it did already. Held, where all of it was given to the new release, and somebody else moved it since.
    """
    entries = case.ledger.entries(case.incident.id)
    if not attempted(entries):
        _forward_only_with_schema(case, entries)
        return
    plan = case.plan
    never_forward_again(case, plan)
    _forward_only_with_schema(case, entries)
    route = case.document.platform.route()
    if route.slot == plan.to_slot:
        return
    if moved(entries):
        raise moved_by_others(route)
    raise CanaryInterrupted(release=plan.to_release or "")


def _forward_only_with_schema(case: Case, entries: Iterable[Entry]) -> None:
    """A deploy whose schema goes down again was on its way back. Raises CanaryInterrupted."""
    if schema_returning(entries):
        raise CanaryInterrupted(release=case.plan.to_release or "")


def shift(case: Case, plan: Plan, gate: Gatekeeper = lambda *_step: None) -> None:
    """All the plan's steps that are left; nothing where the new release has all of it.

    Raises:
        CanaryFailed, Conflict, Unreachable: traffic goes back.
        GateClosed: `gate` has no yes to more traffic; the same.
    """
    steps = steps_left(plan, case.ledger.entries(case.incident.id))
    if not steps[0].given and case.document.platform.route().slot == plan.to_slot:
        _note_whole(case, plan)
        return
    if plan.rollout and plan.rollout.in_place:
        put_in_place(case, plan)
        return
    for step in steps:
        if not step.given:
            give(case, plan, step.share)
        if step.share < WHOLE:
            if not step.given:
                analyse(case, plan, step.share, case.document.deploy.step_s)
            gate(case, plan, step.share)


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
