"""How a path ends: whatever happens on it, the run comes to one of the outcomes."""

from collections.abc import Callable
from contextlib import suppress

from blocks import users_first
from domain.errors import BackoutError, LostLock, NotReady, StoreUnavailable, Unforeseen
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Decision
from tasks.case import Case
from tasks.change_database import find_out
from tasks.database_progress import changed, returning
from tasks.end_canary import canary_left, end_canary
from tasks.ended import Ended, Interrupted
from tasks.finish import finish
from tasks.go_back import go_back
from tasks.progress import Progress, attempted, progress
from tasks.restart import begun
from tasks.return_database import return_database
from tasks.return_schema import take_schema_down, with_schema
from tasks.stop_application import start_application, started
from tasks.turn_off import turned_off

Path = Callable[[Case], None]

MOVED_NOTHING = (Outcome.HELD, Outcome.WONT_HELP, Outcome.REJECTED, Outcome.EXPIRED)


def conclude(case: Case, path: Path) -> tuple[Outcome, str]:
    """Walk the path and finish the incident: its outcome, and why in one line.

    A person's interruption and the store's absence pass through: the incident stays open, and can be gone on with.
    """
    users_first.begin(case.installation.home)
    with case.acting():
        try:
            outcome, why = _started(case, *_walk(case, path))
            outcome, why = with_schema(case, outcome, why)
            why = _with_flag(case, outcome, _with_canary(case, outcome, why))
            finish(case, outcome, why)
        except LostLock as error:
            return Outcome.SUPERSEDED, str(error)
        except Interrupted:
            # Who stopped the run may never go on with it; users are not to wait for that.
            with suppress(BackoutError):
                started(case)
            raise
    return outcome, why


def _walk(case: Case, path: Path) -> tuple[Outcome, str]:
    try:
        path(case)
    except Ended as end:
        return _ended(case, end)
    except BackoutError as error:
        return _stopped(case, error)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, traffic must not be left where it happens to be
        return _stopped(case, _noted(case, error))
    return _arrived(case)


def _started(case: Case, outcome: Outcome, why: str) -> tuple[Outcome, str]:
    """However it ended: an application that was stopped for it runs again, or people are called."""
    try:
        start_application(case)
    except BackoutError as error:
        _pass_on(case, error)
        return Outcome.STUCK, f"{why}; and the application does not start again: {error}"
    return outcome, why


def _with_canary(case: Case, outcome: Outcome, why: str) -> str:
    """A run that moved nothing ends the canary of a deploy that it went before: nobody looks at that any more."""
    if outcome not in MOVED_NOTHING:
        return why
    try:
        if deploy := canary_left(case):
            end_canary(case, deploy)
            return f"{why}; {deploy.from_release} has all traffic again: the deploy was superseded"
    except (LostLock, StoreUnavailable):
        raise
    except BackoutError as error:
        return f"{why}; the superseded deploy's canary could not be ended: {error}"
    return why


def _with_flag(case: Case, outcome: Outcome, why: str) -> str:
    """What the run left turned off, whatever became of the release."""
    flag = None if outcome is Outcome.TURNED_OFF else turned_off(case)
    return f"{why}; {flag} was turned off, and stays so" if flag else why


def _ended(case: Case, end: Ended) -> tuple[Outcome, str]:
    """An act's own end stands, unless the database was changed for a code that then could not follow."""
    if end.outcome in (Outcome.HELD, Outcome.WENT_BACK) and changed(case):
        return _return(case, NotReady(application=case.document.name, why=end.why))
    return end.outcome, end.why


def _arrived(case: Case) -> tuple[Outcome, str]:
    if progress(case.ledger.entries(case.incident.id)) is Progress.FOREIGN:
        plan = case.plan
        return Outcome.NOTHING_TO_DO, f"somebody else moved traffic to {plan.to_slot}; it is verified"
    if case.plan.decision is Decision.CHANGE_DATABASE:
        return Outcome.RESTORED, "; ".join(case.plan.why)
    if case.plan.decision is Decision.RESTART:
        return Outcome.RESTARTED, "; ".join(case.plan.why)
    if case.plan.decision is Decision.SHIFT:
        return Outcome.SHIFTED, "; ".join(case.plan.why)
    if case.plan.decision is Decision.DEPLOY:
        return Outcome.DEPLOYED, "; ".join(case.plan.why)
    return Outcome.ROLLED_BACK, "; ".join(case.plan.why)


def _known(case: Case, error: Exception) -> BackoutError:
    return error if isinstance(error, BackoutError) else _noted(case, error)


def _noted(case: Case, error: Exception) -> Unforeseen:
    """An error that no act noted, as one of ours."""
    found = Unforeseen.of(error)
    case.note(Happened.ACT_FAILED, act="path", error=str(found), type=found.error)
    return found


def _stopped(case: Case, error: BackoutError) -> tuple[Outcome, str]:
    """What an error means depends on how far the run came: nothing is changed, traffic must return, or all is well."""
    _pass_on(case, error)
    entries = case.ledger.entries(case.incident.id)
    far = progress(entries)
    if far is Progress.VERIFIED:
        return _arrived(case)[0], f"verified; afterwards: {error}"
    if begun(entries):
        return Outcome.RESTART_FAILED, str(error)
    return _stopped_unverified(case, error, far)


def _stopped_unverified(case: Case, error: BackoutError, far: Progress) -> tuple[Outcome, str]:
    """Of a run that moves traffic, or changes the database."""
    entries = case.ledger.entries(case.incident.id)
    if unknown := _unknown(case):
        said = "the database was being changed, and how far that came cannot be told"
        return Outcome.STUCK, f"{error}; {said}: {unknown}"
    if far in (Progress.MOVED, Progress.FAILED) or changed(case) or returning(entries):
        return _return(case, error)
    if far is Progress.FOREIGN:
        return (
            Outcome.HELD,
            f"somebody else moved traffic to {case.plan.to_slot}, and it is left there: {error}",
        )
    if far is Progress.UNMOVED and attempted(entries):
        return _looked(case, error)
    return Outcome.HELD, str(error)


def _unknown(case: Case) -> str:
    """Why it is not known what became of a change of the database that was begun; empty where it is."""
    try:
        find_out(case)
    except Interrupted:
        raise
    except Exception as second:  # noqa: BLE001 - nothing can be said without a look
        found = _known(case, second)
        _pass_on(case, found)
        return str(found)
    return ""


def _looked(case: Case, error: BackoutError) -> tuple[Outcome, str]:
    """A switch was begun and its end is not known: where traffic is tells whether it took place.

    In place, and in a deploy, it comes in steps: whatever was left half-done, the way back puts right.
    """
    try:
        found = case.document.platform.route().served
    except Exception as second:  # noqa: BLE001 - nothing can be said without a look
        return Outcome.STUCK, f"{error}; and where traffic is cannot be told: {_known(case, second)}"
    plan = case.plan
    half_done = not case.document.platform.standby or plan.rollout is not None
    moved = found == plan.after or (bool(plan.to_shares) and found != plan.before)
    return _return(case, error) if half_done or moved else (Outcome.HELD, str(error))


def _return(case: Case, error: BackoutError) -> tuple[Outcome, str]:
    try:
        return_database(case, case.plan, error)
        take_schema_down(case)
        if _moves_traffic(case):
            go_back(case, case.plan, error)
    except Ended as end:
        return end.outcome, end.why
    except BackoutError as second:
        _pass_on(case, second)
        return Outcome.STUCK, f"{error}; and going back failed too: {second}"
    except Interrupted:
        raise
    except Exception as second:  # noqa: BLE001 - as in `_walk`
        return Outcome.STUCK, f"{error}; and going back failed too: {_noted(case, second)}"
    return Outcome.WENT_BACK, str(error)


def _moves_traffic(case: Case) -> bool:
    """Whether the incident has begun to move traffic; a runbook of the database alone never does."""
    return case.plan.from_slot != case.plan.to_slot and attempted(case.ledger.entries(case.incident.id))


def _pass_on(case: Case, error: BackoutError) -> None:
    """Raise what is no end: the lock went to another run, or the store is away and the run can go on later."""
    if isinstance(error, LostLock | StoreUnavailable):
        raise error
    case.ledger.check(case.hold)
