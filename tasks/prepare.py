"""Prepare: the target is up, and healthy now."""

from blocks.platforms.contract import Standing
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case
from tasks.ended import Ended
from tasks.look import at_slot
from tasks.progress import never_forward_again


@act("prepare", changes=True)
def prepare(case: Case, plan: Plan) -> None:
    """Start the target where it is down, and look at it once more: the last look before it gets traffic.

    Raises:
        Ended: held, where the target is not healthy now; `--even-unhealthy` alone goes on. Went back, where an
            earlier try of this run already did.
        UnknownSlot: the platform lost the slot since the plan was made.
    """
    never_forward_again(case, plan)
    platform = case.document.platform
    if plan.to_slot is None or platform.route().slot == plan.to_slot:
        return
    found = platform.prepare(plan.to_slot, lambda slot: at_slot(case.document, slot))
    findings = [finding.model_dump(mode="json") for finding in found.findings]
    case.note(Happened.PREPARED, slot=plan.to_slot, findings=findings)
    if not isinstance(found, Standing) and not case.request.even_unhealthy:
        raise Ended(Outcome.HELD, f"{plan.to_release} in {plan.to_slot} is not healthy now: {found.reason}")
