"""What a cancelled run leaves behind: traffic is looked at, and the incident gets its end.

Nothing is moved any more, but for a deploy that had traffic shared out: that goes back.
"""

from collections.abc import Sequence

from blocks.routers.contract import Receipt
from domain.assess_deploy import INSTALL, MIGRATE_UP
from domain.errors import BackoutError, CanaryInterrupted, LostLock, StoreUnavailable, Unforeseen
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from tasks.case import Case
from tasks.database_progress import begun, changed, noted, schema_returning
from tasks.ended import Ended, Interrupted
from tasks.go_back import go_back
from tasks.progress import Progress, attempted, progress
from tasks.restart import begun as restart_begun
from tasks.restart import bring_up
from tasks.return_schema import take_schema_down
from tasks.stop_application import start_application
from tasks.turn_off import turned_off
from tasks.verify import verify

WHY = "cancelled in Prefect's UI"

VERIFIED_AS = {
    Decision.CHANGE_DATABASE: Outcome.RESTORED,
    Decision.RESTART: Outcome.RESTARTED,
    Decision.SHIFT: Outcome.SHIFTED,
    Decision.DEPLOY: Outcome.DEPLOYED,
}


def stop_here(case: Case) -> None:
    """End where the run stood: before the switch nothing was changed; after it, what serves is looked at.

    Raises:
        Ended: always. `rejected` before the switch, `rolled_back` where what serves verifies, else `stuck`. In a restart
            `restarted` or `restart_failed`. In a deploy `held` where it had begun to migrate or to install, `went_back`
            where traffic was shared out.
    """
    entries = case.ledger.entries(case.incident.id)
    far = progress(entries)
    if far is Progress.VERIFIED:
        done = VERIFIED_AS.get(case.plan.decision, Outcome.ROLLED_BACK)
        raise Ended(done, f"{WHY} when traffic was verified already")
    if restart_begun(entries):
        raise _in_a_restart(case)
    if begun(entries) and not noted(case, Happened.DATABASE_RETURNED):
        at = "when the database was changed" if changed(case) else "while the database was changed"
        raise Ended(Outcome.STUCK, f"{WHY} {at}; {_serving(case)} has the traffic. Nothing was put back")
    if schema_returning(entries) and attempted(entries):
        raise _in_a_deploy(case)
    if far is Progress.UNMOVED and not attempted(entries):
        raise _before_traffic(case, entries)
    serving, plan = _serving(case), case.plan
    if plan.rollout and far is Progress.UNMOVED and serving != plan.to_slot:
        raise _in_a_deploy(case)
    if serving is not None and serving == plan.to_slot and far is not Progress.FOREIGN:
        raise _on_target(case, serving, far)
    raise _elsewhere(serving, plan, far)


def _before_traffic(case: Case, entries: Sequence[Entry]) -> Ended:
    """Nothing was moved; what a deploy may have done by then is said: nobody undoes it."""
    started = {entry.data.get("act") for entry in entries if entry.kind == Happened.ACT_STARTED}
    if started.isdisjoint((MIGRATE_UP, INSTALL)):
        return Ended(Outcome.REJECTED, WHY if turned_off(case) else f"{WHY}; nothing was changed")
    plan, left = case.plan, []
    if MIGRATE_UP in started and plan.rollout:
        left.append(f"migrations {', '.join(plan.rollout.migrations)} may have been applied")
    if INSTALL in started:
        left.append(f"{plan.to_slot} may hold {plan.to_release}")
    return Ended(Outcome.HELD, f"{WHY}; traffic was not touched; {', '.join(left)}")


def _serving(case: Case) -> str | None:
    """The slot that has the traffic: where it is shared out, the one that the plan names for that."""
    plan = case.plan
    try:
        route = case.document.platform.route()
    except Exception as error:  # noqa: BLE001 - nothing can be said without a look, and nothing may be moved
        said = f"{WHY} in the switch, and where traffic is cannot be told: {_line(error)}"
        raise Ended(Outcome.STUCK, said) from None
    if route.served == plan.after:
        return plan.to_slot
    return plan.from_slot if route.served == plan.before else route.slot


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
        start_application(case)
        verify(case, plan)
    except (Interrupted, LostLock, StoreUnavailable):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is: nobody knows that users are served
        return Ended(Outcome.STUCK, f"{WHY} after the switch: {serves}, and does not verify: {_line(error)}")
    done = VERIFIED_AS.get(plan.decision, Outcome.ROLLED_BACK)
    return Ended(done, f"{WHY} after the switch: {serves}, and is verified")


def _in_a_restart(case: Case) -> Ended:
    """What was stopped is started, and looked at; no further instance is restarted: a person said stop."""
    try:
        bring_up(case, case.plan)
        verify(case, case.plan)
    except (Interrupted, LostLock, StoreUnavailable):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is: nobody knows that users are served
        return Ended(
            Outcome.RESTART_FAILED, f"{WHY} in a restart, and what serves does not verify: {_line(error)}"
        )
    return Ended(
        Outcome.RESTARTED,
        f"{WHY} in a restart: what serves is verified; not all of it may have been restarted",
    )


def _in_a_deploy(case: Case) -> Ended:
    """Traffic that was shared out is not left so: the release before has all of it again."""
    try:
        take_schema_down(case)
        go_back(case, case.plan, CanaryInterrupted(release=case.plan.to_release or ""))
    except (Interrupted, LostLock, StoreUnavailable, Ended):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is: nobody knows where traffic is
        return Ended(Outcome.STUCK, f"{WHY} in a deploy, and traffic cannot be taken back: {_line(error)}")
    return Ended(Outcome.WENT_BACK, f"{WHY} in a deploy: {case.plan.from_release} has all traffic again")


def _elsewhere(serving: str | None, plan: Plan, far: Progress) -> Ended:
    if serving != plan.from_slot:
        return Ended(Outcome.HELD, f"{WHY}; somebody else moved traffic to {serving}, and it is left there")
    if far is Progress.UNMOVED:
        return Ended(Outcome.REJECTED, f"{WHY}; traffic is on {serving}, as before")
    return Ended(Outcome.WENT_BACK, f"{WHY} when traffic was back on {serving} already")


def _line(error: Exception) -> str:
    return (error if isinstance(error, BackoutError) else Unforeseen.of(error)).what()
