"""Prepare: the target is up, and healthy now."""

import time

from blocks.platforms.contract import Ready, Standing, Unproven
from domain.errors import UnknownSlot
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.quarantine import refused
from domain.release import placed
from tasks.act import act
from tasks.case import Case
from tasks.database_progress import MORE_LOOKS, changed
from tasks.ended import Ended
from tasks.left_behind import end_left_behind
from tasks.look import at_slot
from tasks.progress import never_forward_again

PAUSE_S = 1.0


@act("prepare", changes=True)
def prepare(case: Case, plan: Plan) -> None:
    """Start the target where it is down, and look at it once more: the last look before it gets traffic.

    Raises:
        Ended: held, where the slot holds another release by now, that release went into quarantine, or the target is
            not healthy now; `--even-unhealthy` alone goes on. Went back, where an
            earlier try of this run already did.
        UnknownSlot: the platform lost the slot since the plan was made.
    """
    end_left_behind(case)
    never_forward_again(case, plan)
    platform = case.document.platform
    if plan.to_slot is None or platform.route().served == plan.after:
        return
    _not_quarantined(case, plan)
    if plan.rollout and plan.rollout.in_place and _is_brought_later(case, plan):
        return
    still_holds(case, plan)
    found = _look(case, plan.to_slot)
    findings = [finding.model_dump(mode="json") for finding in found.findings]
    said = found.said if isinstance(found, Ready) else ""
    why = found.reason if isinstance(found, Unproven) else ""
    case.note(Happened.PREPARED, slot=plan.to_slot, findings=findings, said=said, healthy=not why, why=why)
    if isinstance(found, Unproven) and not case.request.even_unhealthy:
        raise Ended(
            Outcome.HELD, f"{placed(plan.to_release, plan.to_slot)} is not healthy now: {found.reason}"
        )


def _is_brought_later(case: Case, plan: Plan) -> bool:
    """Whether nothing can be made ready: the release comes to the platform as it takes the serving one's place."""
    try:
        return case.document.platform.slot(plan.to_slot or "").version != plan.to_release
    except UnknownSlot:
        return True


def _look(case: Case, slot: str) -> Standing | Ready | Unproven:
    """One look of the platform's; more after the database was changed: an application finds its way back to it by and by."""
    found = case.document.platform.prepare(slot, lambda seen: at_slot(case.document, seen))
    for _ in range(MORE_LOOKS if changed(case) else 0):
        if not isinstance(found, Unproven):
            break
        time.sleep(PAUSE_S)
        found = case.document.platform.prepare(slot, lambda seen: at_slot(case.document, seen))
    return found


def still_holds(case: Case, plan: Plan) -> None:
    """The target's slot holds what the plan names: somebody may have deployed while people were asked.

    Raises:
        Ended: held, where it does not.
    """
    slot = case.document.platform.slot(plan.to_slot or "")
    if slot.version != plan.to_release:
        found = slot.version or "no release"
        raise Ended(Outcome.HELD, f"{slot.name} now holds {found}, not {plan.to_release} as planned")


def _not_quarantined(case: Case, plan: Plan) -> None:
    if held := refused(case.ledger.releases(case.document.name), plan.to_release):
        raise Ended(Outcome.HELD, held)
