"""What a cancelled run leaves behind: traffic is looked at, nothing is moved any more, and the incident gets its end."""

from blocks.routers.contract import Receipt
from domain.errors import BackoutError, LostLock, StoreUnavailable, Unforeseen
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from tasks.case import Case
from tasks.database_progress import begun, changed, noted
from tasks.ended import Ended, Interrupted
from tasks.progress import Progress, attempted, progress
from tasks.verify import verify

WHY = "cancelled in Prefect's UI"


def stop_here(case: Case) -> None:
    """End where the run stood: before the switch nothing was changed; after it, what serves is looked at.

    Raises:
        Ended: always. `rejected` before the switch, `rolled_back` where what serves verifies, else `stuck`.
    """
    entries = case.ledger.entries(case.incident.id)
    far = progress(entries)
    if far is Progress.VERIFIED:
        changes = case.plan.decision is Decision.CHANGE_DATABASE
        done = Outcome.RESTORED if changes else Outcome.ROLLED_BACK
        raise Ended(done, f"{WHY} when traffic was verified already")
    if begun(entries) and not noted(case, Happened.DATABASE_RETURNED):
        at = "when the database was changed" if changed(case) else "while the database was changed"
        raise Ended(Outcome.STUCK, f"{WHY} {at}; {_serving(case)} has the traffic. Nothing was put back")
    if far is Progress.UNMOVED and not attempted(entries):
        raise Ended(Outcome.REJECTED, f"{WHY}; nothing was changed")
    serving, plan = _serving(case), case.plan
    if serving is not None and serving == plan.to_slot and far is not Progress.FOREIGN:
        raise _on_target(case, serving, far)
    raise _elsewhere(serving, plan, far)


def _serving(case: Case) -> str | None:
    try:
        return case.document.platform.route().slot
    except Exception as error:  # noqa: BLE001 - nothing can be said without a look, and nothing may be moved
        said = f"{WHY} in the switch, and where traffic is cannot be told: {_line(error)}"
        raise Ended(Outcome.STUCK, said) from None


def _on_target(case: Case, serving: str, far: Progress) -> Ended:
    """Traffic was moved: whether users are served is looked at once more. It is not moved back: a person said stop."""
    plan = case.plan
    serves = f"{serving} ({plan.to_release}) serves"
    if far is Progress.FAILED:
        return Ended(Outcome.STUCK, f"{WHY} on the way back: {serves}, and did not verify")
    if far is Progress.UNMOVED:
        # Killed between the switch and its entry: the record gets it now.
        receipt = Receipt(changed=True, before=plan.from_slot, after=serving)
        case.note(Happened.SWITCHED, receipt=receipt.model_dump(mode="json"))
    try:
        verify(case, plan)
    except (Interrupted, LostLock, StoreUnavailable):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is: nobody knows that users are served
        return Ended(Outcome.STUCK, f"{WHY} after the switch: {serves}, and does not verify: {_line(error)}")
    return Ended(Outcome.ROLLED_BACK, f"{WHY} after the switch: {serves}, and is verified")


def _elsewhere(serving: str | None, plan: Plan, far: Progress) -> Ended:
    if serving != plan.from_slot:
        return Ended(Outcome.HELD, f"{WHY}; somebody else moved traffic to {serving}, and it is left there")
    if far is Progress.UNMOVED:
        return Ended(Outcome.REJECTED, f"{WHY}; traffic is on {serving}, as before")
    return Ended(Outcome.WENT_BACK, f"{WHY} when traffic was back on {serving} already")


def _line(error: Exception) -> str:
    return (error if isinstance(error, BackoutError) else Unforeseen.of(error)).what()
