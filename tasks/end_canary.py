"""End a canary: a run that went before a deploy, and then moves nothing, leaves no release with a share that nobody looks at.

Nor one that is half-way in the place of the one that served.
"""

from blocks.sharing import share_out
from domain.errors import CanaryLeft
from domain.findings import all_ok
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.shares import in_words
from tasks.act import act
from tasks.case import Case
from tasks.left_behind import end_left_behind
from tasks.look import at_slot


def canary_left(case: Case) -> Plan | None:
    """The plan of the deploy that this run went before, where traffic still is shared between its two slots; else None.

    Or where its release is half-way in place.

    Raises Unreachable.
    """
    for entry in case.ledger.entries(case.incident.id):
        if entry.kind != Happened.SUPERSEDES:
            continue
        plan = case.ledger.incident(entry.data["incident"]).plan
        if plan and plan.rollout and (_is_shared(case, plan) or _is_half_done(case, plan)):
            return plan
    return None


@act("end canary", changes=True)
def end_canary(case: Case, deploy: Plan) -> None:
    """All traffic to the release that served before the deploy: what the deploy itself does where it cannot go on.

    Raises:
        CanaryLeft: that release is not healthy at its own address; nothing was moved.
        Conflict, Unreachable: as `WeightedRouter.share`. Without a standby, as the platform's `activate`.
    """
    platform = case.document.platform
    end_left_behind(case)
    if _is_half_done(case, deploy):
        _give_back(case, deploy)
        return
    slot = platform.slot(deploy.from_slot or "")
    if not slot.running or not all_ok(at_slot(case.document, slot)):
        raise CanaryLeft(slot=slot.name)
    if _is_shared(case, deploy):
        _give_back(case, deploy)


def _give_back(case: Case, deploy: Plan) -> None:
    platform = case.document.platform
    receipt = share_out(platform, deploy.before, platform.route())
    shares = in_words(deploy.before)
    case.note(Happened.SHIFTED, shares=deploy.before, receipt=receipt.model_dump(mode="json"), said=shares)


def _is_shared(case: Case, deploy: Plan) -> bool:
    return set(case.document.platform.route().served) == {deploy.from_slot, deploy.to_slot}


def _is_half_done(case: Case, deploy: Plan) -> bool:
    route = case.document.platform.route()
    return route.half is not None and (route.slot, route.half) == (deploy.from_slot, deploy.to_slot)
