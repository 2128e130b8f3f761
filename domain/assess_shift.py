"""The plan of a shift: the release that would be gone back to gets a part of the traffic, the rest stays where it is.

NotesHub "Switch Traffic" (10, 25, 50, 100 %). Everything that keeps a rollback from a release keeps a shift from it too.
"""

from __future__ import annotations

from domain.assess import assess
from domain.plan import Decision, Plan
from domain.release import placed
from domain.shares import WHOLE, in_words
from domain.situation import Situation

CANNOT = "this platform's router gives one slot all of the traffic"
BOTH_SERVE = "users get both releases meanwhile, one request from this, the next from that"


def assess_shift(situation: Situation) -> Plan:
    """Shift, hold where the router cannot or the target must not get traffic, or do nothing where it has as much already.

    Raises:
        UnknownRelease: `request.to` is in no slot.
        ValueError: the request names no share.
    """
    wanted, grain = situation.request.share, situation.grain
    if wanted is None:
        raise ValueError("a shift needs a share")
    plan = assess(situation)
    if plan.decision is not Decision.ROLL_BACK or plan.from_slot is None or plan.to_slot is None:
        return plan
    if grain is None:
        return _stopped(plan, Decision.HOLD, CANNOT)
    share = rounded(wanted, grain)
    has = situation.survey.shares.get(plan.to_slot, 0)
    if has >= share:
        said = f"{placed(plan.to_release, plan.to_slot)} has {has} % of the traffic already"
        return _stopped(plan, Decision.NOTHING_TO_DO, said)
    shares = {plan.from_slot: WHOLE - share, plan.to_slot: share}
    return plan.model_copy(
        update={
            "decision": Decision.SHIFT,
            "to_shares": shares,
            "acts": [act for act in plan.acts if act != "align"],
            "why": [
                *plan.why,
                f"traffic is to be shared out: {in_words(shares)}",
                *_rounding(wanted, share, grain),
            ],
            "at_risk": [*plan.at_risk, BOTH_SERVE],
            "proposal": "",
        }
    )


def rounded(share: int, grain: int) -> int:
    """The share that the router can give: rounded down, but a part of the traffic and not all of it."""
    return min(max(share - share % grain, grain), WHOLE - grain)


def _rounding(wanted: int, share: int, grain: int) -> list[str]:
    return [f"{wanted} % was asked for; this router gives steps of {grain} %"] if share != wanted else []


def _stopped(plan: Plan, decision: Decision, why: str) -> Plan:
    return plan.model_copy(
        update={"decision": decision, "why": [why], "acts": [], "consent": None, "offers": [], "at_risk": []}
    )
