"""Align: what names the active slot follows traffic: files, Prometheus targets, caches (FlappyJournal "Monitoring Update")."""

from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case


def align(case: Case, plan: Plan) -> None:
    """Bring it in line with the target. Nothing where the platform has nothing to align, or both slots serve."""
    if plan.to_slot is not None and not plan.to_shares and case.document.platform.aligns:
        _align(case, plan.to_slot)


@act("align", changes=True)
def _align(case: Case, slot: str) -> None:
    aligned_with(case, slot)


def aligned_with(case: Case, slot: str) -> None:
    """The act itself, also for the way back. What could not be done is noted, and undoes no rollback."""
    aligned = case.document.platform.align(slot, thorough=case.request.thorough)
    case.note(Happened.ALIGNED, slot=slot, **aligned.model_dump(mode="json"))
