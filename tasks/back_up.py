"""Back up: a verified copy, before a step that loses rows or whenever somebody wants one."""

from contextlib import suppress

from blocks.databases.contract import OnProgress, untold
from blocks.document import Document
from blocks.installation import Installation
from domain.database.backup import Backup
from domain.database.plan import Action
from domain.errors import BackupUnusable, StoreUnavailable
from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case
from tasks.database import changes_of, keep_schema, serving_release
from tasks.read_backups import keep_read
from tasks.run_log import progress_lines

BEFORE_DOWN = "before-down"


def back_up(case: Case, plan: Plan) -> None:
    """Before a lossy way down; a restore keeps the whole database that it swaps out, and needs none."""
    database = plan.changes_database
    if database and database.action is Action.DOWN and database.rows:
        _back_up(case, plan)


@act("back up")
def _back_up(case: Case, plan: Plan) -> None:
    """Raises BackupFailed, BackupUnusable: nothing was changed."""
    made = take_backup(case.installation, case.document, BEFORE_DOWN, plan.from_release, progress_lines())
    rows = sum(made.manifest.rows.values()) if made.manifest else 0
    case.note(Happened.BACKED_UP, backup=made.name, path=made.path, rows=rows)


def take_backup(
    here: Installation,
    document: Document,
    label: str,
    release: str | None = None,
    progress: OnProgress = untold,
) -> Backup:
    """A backup that was verified; the schema as it is now is kept with it, and what the verification found.

    `release`: by default the serving one.

    Raises:
        BackupFailed, BackupUnusable: there is none.
    """
    changes, release = changes_of(document, here.home), release or serving_release(document)
    keep_schema(here, document, changes.version(release))
    made = changes.back_up(label, release, progress)
    with suppress(StoreUnavailable):  # the backup is there all the same; who looks at readiness reads it
        keep_read(here, document.name, made)
    if not made.verified:
        raise BackupUnusable(backup=made.name, problems=made.problems)
    return made
