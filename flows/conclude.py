"""How a path ends: whatever happens on it, the run comes to one of the outcomes."""

from collections.abc import Callable

from domain.errors import BackoutError, LostLock, StoreUnavailable
from domain.outcomes import Outcome
from tasks.case import Case
from tasks.ended import Ended
from tasks.finish import finish
from tasks.go_back import go_back
from tasks.progress import Progress, progress

Path = Callable[[Case], None]


def conclude(case: Case, path: Path) -> tuple[Outcome, str]:
    """Walk the path and finish the incident: its outcome, and why in one line.

    A person's interruption and the store's absence pass through: the incident stays open, and can be gone on with.
    """
    with case.acting():
        try:
            outcome, why = _walk(case, path)
            finish(case, outcome, why)
        except LostLock as error:
            return Outcome.SUPERSEDED, str(error)
    return outcome, why


def _walk(case: Case, path: Path) -> tuple[Outcome, str]:
    try:
        path(case)
    except Ended as end:
        return end.outcome, end.why
    except BackoutError as error:
        return _stopped(case, error)
    return Outcome.ROLLED_BACK, "; ".join(case.plan.why)


def _stopped(case: Case, error: BackoutError) -> tuple[Outcome, str]:
    """What an error means depends on how far the run came: nothing is changed, traffic must return, or all is well."""
    _pass_on(case, error)
    far = progress(case.ledger.entries(case.incident.id))
    if far is Progress.VERIFIED:
        return Outcome.ROLLED_BACK, f"verified; afterwards: {error}"
    if far in (Progress.MOVED, Progress.FAILED):
        return _return(case, error)
    return Outcome.HELD, str(error)


def _return(case: Case, error: BackoutError) -> tuple[Outcome, str]:
    try:
        go_back(case, case.plan, error)
    except BackoutError as second:
        _pass_on(case, second)
        return Outcome.STUCK, f"{error}; and going back failed too: {second}"
    return Outcome.WENT_BACK, str(error)


def _pass_on(case: Case, error: BackoutError) -> None:
    """Raise what is no end: the lock went to another run, or the store is away and the run can go on later."""
    if isinstance(error, LostLock | StoreUnavailable):
        raise error
    case.ledger.check(case.hold)
