"""Go back: the target did not verify, so traffic returns to where it was."""

from blocks.takes_place import TakesPlace
from domain.errors import BackoutError, SwitchUnclear
from domain.findings import all_ok, summary
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.shares import in_words
from tasks.act import act
from tasks.align import aligned_with
from tasks.case import Case
from tasks.ended import Ended
from tasks.left_behind import end_left_behind
from tasks.look import at_slot
from tasks.stop_application import started
from tasks.switch import move
from tasks.verify import TRIES, look_until_ok

LAST_LOOKS = 6
"""Looks beyond the usual ones at what was put in place again: there is nowhere else to go, and a cluster leads users to pods
of the other release for seconds after those were told to end."""


@act("go back", changes=True)
def go_back(case: Case, plan: Plan, error: BackoutError) -> None:
    """Return traffic to the slot it came from; both errors go into the report.

    Raises:
        Ended: held, where nothing had been moved. Stuck, where what was put in place again is not well, or where the slot it came from is not well and the target is: the only healthy copy keeps the traffic.
        Conflict: somebody else moved traffic in between.
        Unreachable: the router cannot be asked.
    """
    if why := _worse_there(case, plan):
        raise Ended(Outcome.STUCK, f"{error}; stays on {in_words(_served(case))}: {why}")
    end_left_behind(case)
    receipt = move(case, plan, plan.before)
    if not receipt.changed and not case.document.platform.standby:
        raise _not_moved(case, plan, error)
    case.note(Happened.WENT_BACK, receipt=receipt.model_dump(mode="json"), error=str(error))
    if case.document.platform.aligns and plan.from_slot and not plan.to_shares:
        aligned_with(case, plan.from_slot)
    serves_again(case, plan, error)


def _not_moved(case: Case, plan: Plan, error: BackoutError) -> Ended:
    """Held, where what served still does; a deployment that wrote over it in its own slot is beyond our acts."""
    holds = case.document.platform.slot(plan.from_slot or "").version
    if holds != plan.from_release:
        return Ended(Outcome.STUCK, f"{error}; {plan.from_slot} now holds {holds}, not {plan.from_release}")
    if plan.rollout and (goes_on := _goes_on(case, error)):
        said = f"{plan.from_release} serves still, and {plan.to_release} may come to serve later, unwatched"
        return Ended(Outcome.STUCK, f"{error}; {said}: {goes_on}")
    return Ended(Outcome.HELD, str(error))


def _goes_on(case: Case, error: BackoutError) -> str:
    """What may still put the new release in place, by itself; empty where nothing is known to."""
    platform = case.document.platform
    if isinstance(platform, TakesPlace) and (unfinished := platform.unfinished()):
        return f"{unfinished} is not finished"
    return "it cannot be told whether it goes on" if isinstance(error, SwitchUnclear) else ""


def serves_again(case: Case, plan: Plan, error: BackoutError | None = None) -> None:
    """What had to be put in place again could not be looked at before; now it can. `error`: why it had to. Raises Ended: stuck."""
    document = case.document
    if document.platform.standby:
        return
    started(case)
    found = look_until_ok(document, plan.from_slot, plan.from_release, plan.seen, TRIES + LAST_LOOKS)
    health = [finding for finding in found if finding.name == document.health.name]
    if not all_ok(health):
        said = summary(health) if health else "was not seen"
        why = f"{error}; " if error else ""
        raise Ended(Outcome.STUCK, f"{why}{plan.from_release} is in place again, and its health {said}")


def _served(case: Case) -> dict[str, int]:
    return case.document.platform.route().served


def _worse_there(case: Case, plan: Plan) -> str:
    """Why traffic must not return, in one line; empty where it may, or where the target has none of it.

    Also where the target has a share only: who has the rest of it is then no better off with all of it.
    """
    document = case.document
    if not document.platform.standby:
        return ""
    if plan.from_slot is None or plan.to_slot is None or plan.to_slot not in _served(case):
        return ""
    origin = document.platform.slot(plan.from_slot)
    found = at_slot(document, origin) if origin.running else []
    if all_ok(found) or not all_ok(at_slot(document, document.platform.slot(plan.to_slot))):
        return ""
    said = f"is not healthy: {summary(found)}" if found else "is down"
    return f"{plan.from_slot} {said}, and {plan.to_slot} is healthy at its own address"
