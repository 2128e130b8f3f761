"""The end of a drill that broke off, or whose run was killed: the fault is undone, and its row is closed."""

from datetime import UTC, datetime

from blocks.document import Document
from blocks.installation import Installation
from blocks.store import drills
from domain.drill import Drill
from domain.errors.unforeseen import in_words
from tasks.database import changes_of
from tasks.drill_case import DrillCase
from tasks.drill_consent import WITHDRAWN, withdrawn


def cleaned_up(here: Installation, document: Document, left: Drill) -> Drill:
    """End a drill that was killed: its fault is undone, and the database that it made is dropped."""
    why = f"killed in `{left.step}`"
    if document.drill is None or left.fault not in document.drill.faults:
        return _forgotten(here, document, left, why)
    case = DrillCase(here, document, left)
    # Whether it was injected, nobody knows; undoing does nothing where it was not.
    case.mended = left.slot is None
    given_up(case, why)
    return case.drill


def _forgotten(here: Installation, document: Document, left: Drill, why: str) -> Drill:
    """Close a drill whose commands are gone from `backout.yaml`: an open one would keep every other from beginning."""
    gone = (
        f"the fault was not undone: `drill.faults` has no {left.fault!r} any more; its own deadline undoes it"
    )
    problems = [
        why,
        *([gone] if left.slot is not None else []),
        *_undropped(here, document, left),
        *_unasked(here, left),
    ]
    over = left.model_copy(update={"ended_at": datetime.now(UTC), "problems": problems})
    drills.keep(here.store.database, over)
    return over


def given_up(case: DrillCase, why: str) -> None:
    """Mend, and close the drill without a report."""
    if not case.mended:
        mend_after_failure(case)
    problems = [why, *([case.seen.unmended] if case.seen.unmended else [])]
    problems += [*_undropped(case.here, case.document, case.drill), *_unasked(case.here, case.drill)]
    case.keep(ended_at=datetime.now(UTC), problems=problems)


def _undropped(here: Installation, document: Document, drill: Drill) -> list[str]:
    """Drop the database that its backup was restored into; why that could not be."""
    if drill.beside is None or document.database is None:
        return []
    try:
        changes_of(document, here.home).discard(drill.beside)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the drill must be closed
        return [f"database {drill.beside} was not dropped: {in_words(error)}"]
    return []


def _unasked(here: Installation, drill: Drill) -> list[str]:
    """Withdraw the request for consent; why that could not be."""
    try:
        return [WITHDRAWN] if withdrawn(here, drill) else []
    except Exception as error:  # noqa: BLE001 -- whatever it is, the drill must be closed
        return [f"the request for consent was not withdrawn: {in_words(error)}"]


def mend_after_failure(case: DrillCase) -> None:
    """Undo the fault; one that cannot be undone here undoes itself at its deadline, and is told of."""
    case.seen.unmended = ""
    try:
        case.undo()
    except Exception as error:  # noqa: BLE001 -- whatever it is, the drill must be closed
        case.seen.unmended = f"the fault was not undone: {in_words(error)}"
