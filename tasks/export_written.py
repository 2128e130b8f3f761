"""Export: what was written after the backup is kept in files, beside the database that was swapped out."""

from blocks.databases.contract import Changes
from domain.database.plan import Action
from domain.journal_kinds import Happened
from domain.names import block_name
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case
from tasks.database import changes_of
from tasks.database_progress import changed, noted

FOLDER = "written-since"


def export_written(case: Case, plan: Plan) -> None:
    """After a swap: the rows that the database in use does not hold."""
    done = changed(case)
    swaps = plan.database is not None and plan.database.action in (Action.RESTORE, Action.SWAP_BACK)
    if swaps and done and done.data["kept"]:
        _export(case, str(done.data["kept"]))


@act("export")
def _export(case: Case, kept: str) -> None:
    """Once an incident. Raises ExportFailed."""
    if not noted(case, Happened.EXPORTED):
        keep_rows(case, changes_of(case.document, case.installation.home), kept)


def keep_rows(case: Case, changes: Changes, kept: str) -> None:
    """Write the rows that only `kept` holds to the incident's folder. Raises ExportFailed."""
    folder = case.installation.home.evidence / block_name(case.document.name) / case.incident.id / FOLDER
    written = changes.export(kept, folder)
    tables = [row.model_dump(mode="json") for row in written if row.file]
    case.note(Happened.EXPORTED, folder=str(folder), tables=tables)
