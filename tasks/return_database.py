"""Return the database to what it was: what came after its change did not work out."""

from blocks.databases.contract import Changes
from domain.database.plan import Action
from domain.errors import BackoutError, BackupUnusable
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case
from tasks.database import changes_of
from tasks.database_progress import RETURN, changed, noted
from tasks.export_written import keep_rows
from tasks.run_log import progress_lines


def return_database(case: Case, plan: Plan, error: BackoutError) -> None:
    """Undo the plan's change, where there was one."""
    done = changed(case)
    if done is not None:
        _return_database(case, plan, done, error)


@act(RETURN, changes=True)
def _return_database(case: Case, plan: Plan, done: Entry, error: BackoutError) -> None:
    """Up again, or the kept database back; after a lossy way down, the backup that was taken right before it.

    Raises:
        StepFailed, ConnectionsRemain, RestoreFailed: it stays as it is now.
    """
    changes = changes_of(case.document, case.installation.home)
    changes.tidy()
    if done.data["action"] != Action.DOWN:
        how = _swapped_back(case, changes, str(done.data["kept"]))
    elif noted(case, Happened.BACKED_UP):
        how = _restored(case, changes)
    else:
        changes.up(done.data["from"], plan.from_release)
        how = f"up again to {done.data['from']}"
    case.note(Happened.DATABASE_RETURNED, how=how, error=str(error))


def _swapped_back(case: Case, changes: Changes, kept: str) -> str:
    if not kept:
        return "it stays restored: there was none before"
    swapped = changes.swap_back(kept)
    return f"{kept} has its name again{_kept_rows(case, changes, swapped.kept)}"


def _restored(case: Case, changes: Changes) -> str:
    """From the backup; a run that was killed goes on with what it restored, and never swaps a second copy in."""
    found = noted(case, Happened.RESTORED_BESIDE)
    beside, backup = (found.data["database"], found.data["backup"]) if found else _beside(case, changes)
    swapped = changes.swap(beside)
    return f"restored from {backup}{_kept_rows(case, changes, swapped.kept)}"


def _beside(case: Case, changes: Changes) -> tuple[str, str]:
    backed_up = noted(case, Happened.BACKED_UP)
    name = str(backed_up.data["backup"]) if backed_up else ""
    copy = next((row for row in changes.backups() if row.name == name), None)
    if copy is None:
        raise BackupUnusable(backup=name, problems=["it is no longer there"])
    beside = changes.beside(copy, progress_lines()).database
    case.note(Happened.RESTORED_BESIDE, database=beside, backup=name)
    return beside, name


def _kept_rows(case: Case, changes: Changes, kept: str) -> str:
    """What was written meanwhile is kept in files; where that fails it is still in the database swapped out."""
    try:
        keep_rows(case, changes, kept)
    except BackoutError as error:
        return f"; {error.what()}"
    return f"; what it replaced is kept as {kept}"
