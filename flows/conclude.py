"""How a path ends: whatever happens on it, the run comes to one of the outcomes."""

from collections.abc import Callable

from domain.errors import BackoutError, EvidenceNotKept, LostLock, VerificationFailed
from domain.outcomes import Outcome
from tasks.case import Case
from tasks.ended import Ended
from tasks.finish import finish
from tasks.go_back import go_back

Path = Callable[[Case], None]


def conclude(case: Case, path: Path) -> tuple[Outcome, str]:
    """Walk the path and finish the incident: its outcome, and why in one line.

    A person's interruption and the store's absence pass through: the incident stays open, and can be gone on with.
    """
    with case.acting():
        outcome, why = _walk(case, path)
        if outcome is not Outcome.SUPERSEDED:
            finish(case, outcome, why)
    return outcome, why


def _walk(case: Case, path: Path) -> tuple[Outcome, str]:
    try:
        path(case)
    except Ended as end:
        return end.outcome, end.why
    except VerificationFailed as error:
        return _return(case, error)
    except LostLock as error:
        return Outcome.SUPERSEDED, str(error)
    except EvidenceNotKept as error:
        return _without_evidence(case, error)
    except BackoutError as error:
        if error.retryable and _store_is_away(case):
            raise
        return Outcome.HELD, str(error)
    return Outcome.ROLLED_BACK, "; ".join(case.plan.why)


def _return(case: Case, error: VerificationFailed) -> tuple[Outcome, str]:
    try:
        go_back(case, case.plan, error)
    except BackoutError as second:
        return Outcome.STUCK, f"{error}; and going back failed too: {second}"
    return Outcome.WENT_BACK, str(error)


def _without_evidence(case: Case, error: EvidenceNotKept) -> tuple[Outcome, str]:
    """Before the switch nothing was changed; after it, in an emergency, the rollback stands."""
    moved = case.document.platform.route().slot == case.plan.to_slot
    return (Outcome.ROLLED_BACK if moved else Outcome.HELD), str(error)


def _store_is_away(case: Case) -> bool:
    try:
        case.ledger.check(case.hold)
    except LostLock:
        return False
    except BackoutError:
        return True
    return False
