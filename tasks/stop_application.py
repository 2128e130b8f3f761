"""Stop the application while its database is changed, and start it as it was: Jarvis "Database Rollback Procedure" 1, 2, 6, 7."""

from blocks.document import Document
from domain.assess_database import START, STOP
from domain.errors import BackoutError, LostLock, StoreUnavailable
from domain.journal_kinds import Happened
from tasks.act import act
from tasks.case import Case
from tasks.database import changes_of


def stop_application(case: Case) -> None:
    """Where the database's settings ask for it. Done again by a run that goes on: somebody may have started it meanwhile."""
    if asked_for(case.whole):
        _stop(case)


def start_application(case: Case) -> None:
    """Start what was stopped; nothing where nothing was. What an older run left stopped, too."""
    if is_down(case):
        _start(case)


def started(case: Case) -> None:
    """The same in the middle of another act. Raises RolloutStalled, CommandFailed."""
    done = case.whole.platform.serve_again() if asked_for(case.whole) else ""
    if done:
        case.note(Happened.APPLICATION_STARTED, done=done)


def asked_for(document: Document) -> bool:
    """Whether it is stopped while its database is changed."""
    return document.database is not None and document.database.stop_application


def is_down(case: Case) -> bool:
    """Whether it is stopped, or may be: this incident began to stop it, and the platform cannot be asked."""
    if not asked_for(case.whole):
        return False
    try:
        return case.whole.platform.stopped()
    except BackoutError as error:
        if isinstance(error, LostLock | StoreUnavailable):
            raise
        return _begun(case)


@act(STOP, changes=True)
def _stop(case: Case) -> None:
    """Then see that its connections are gone; who is still connected is told, and sent away by the swap.

    Raises:
        CommandFailed: it does not stop.
    """
    done = case.whole.platform.stop_serving()
    left = changes_of(case.whole, case.installation.home).left()
    case.note(Happened.APPLICATION_STOPPED, done=done, left=left)


@act(START, changes=True)
def _start(case: Case) -> None:
    """Raises RolloutStalled, CommandFailed: it does not come up."""
    started(case)


def _begun(case: Case) -> bool:
    entries = case.ledger.entries(case.incident.id)
    told = [entry for entry in entries if entry.kind == Happened.APPLICATION_STARTED]
    begun = (
        entry for entry in entries if entry.kind == Happened.ACT_STARTED and entry.data.get("act") == STOP
    )
    return any(not told or entry.at > told[-1].at for entry in begun)
