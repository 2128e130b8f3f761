"""What a drill sees of the database: a real backup, restored beside, and the way down on a clone."""

import time

from blocks.databases.contract import Changes
from domain.database.backup import Backup
from domain.database.study import Beside
from domain.errors import BackoutError
from tasks.back_up import take_backup
from tasks.database import changes_of
from tasks.drill_case import DrillCase
from tasks.rehearse import rehearse_last

LABEL = "drill"


def restore(case: DrillCase) -> None:
    """A real backup into a database beside, which is dropped again; and the way down on a clone."""
    if case.document.database is None:
        return
    case.step("restore")
    _restore(case)
    try:
        seen = rehearse_last(case.here, case.document)
        case.seen.way_down = seen.works
        case.seen.way_said = seen.failed or "the newest migration's way down works on a clone"
    except BackoutError as error:
        case.seen.way_down, case.seen.way_said = False, error.what()


def _restore(case: DrillCase) -> None:
    """The newest verified backup; where there is none, one is taken first, and the checklist says so by its time."""
    try:
        changes = changes_of(case.document, case.here.home)
        verified = [backup for backup in changes.backups() if backup.verified]
        case.seen.backup_taken = not verified
        backup = verified[0] if verified else take_backup(case.here, case.document, LABEL)
        beside = _timed(case, changes, backup)
    except BackoutError as error:
        case.seen.restore_failed = error.what()
        return
    case.seen.backup = backup.name
    case.seen.backup_at = backup.manifest.snapshot_at if backup.manifest else None
    case.seen.rows_at_risk = sum(row.rows for row in beside.missing)


def _timed(case: DrillCase, changes: Changes, backup: Backup) -> Beside:
    """Into a database of its own, also where this backup was restored before: that one is not ours to drop."""
    name = changes.name_beside()
    case.keep(beside=name)
    began = time.monotonic()
    try:
        beside = changes.beside(backup, into=name)
        case.seen.restore_s = round(time.monotonic() - began, 3)
        return beside
    finally:
        changes.discard(name)
