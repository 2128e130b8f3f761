"""Back up: a verified copy before a step that loses rows."""

from domain.database.plan import Action
from domain.errors import BackupUnusable
from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case
from tasks.database import changes_of

BEFORE_DOWN = "before-down"


def back_up(case: Case, plan: Plan) -> None:
    """Before a lossy way down; a restore keeps the whole database that it swaps out, and needs none."""
    database = plan.changes_database
    if database and database.action is Action.DOWN and database.rows:
        _back_up(case, plan)


@act("back up")
def _back_up(case: Case, plan: Plan) -> None:
    """Raises BackupFailed, BackupUnusable: nothing was changed."""
    made = changes_of(case.document, case.installation.home).back_up(BEFORE_DOWN, plan.from_release)
    if not made.verified or made.manifest is None:
        raise BackupUnusable(backup=made.name, problems=made.problems)
    case.note(Happened.BACKED_UP, backup=made.name, path=made.path, rows=sum(made.manifest.rows.values()))
