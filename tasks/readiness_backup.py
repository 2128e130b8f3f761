"""Readiness of the database's backup: whether the newest is fresh, and whether it could be restored."""

from datetime import UTC, datetime

from blocks.databases.contract import Changes
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.report.markdown import duration
from tasks.database import changes_of
from tasks.read_backups import as_read, newest
from tasks.readiness_known import Known

TAKE = Remedy(command="backout db backup APP")
NONE = "there is no backup of ours"


def fresh(known: Known) -> list[Checkup]:
    """The newest backup with a manifest is not too old."""
    if known.described.database is None:
        return []
    backup, limit = newest(_changes(known)), known.described.readiness.backup_max_age_h
    if backup is None:
        return [wrong("backup", known.application, NONE, TAKE, symptom="no backup")]
    age_s = (datetime.now(UTC) - backup.taken_at).total_seconds()
    said = f"{backup.name} is {duration(age_s)} old"
    if limit is not None and age_s > limit * 3600:
        told = f"{said}; {duration(limit * 3600)} are allowed"
        return [wrong("backup", known.application, told, TAKE, symptom="too old")]
    return [well("backup", known.application, said)]


def restorable(known: Known) -> list[Checkup]:
    """The newest backup was, file by file, what its manifest says, when it was read last; here nothing is read."""
    if known.described.database is None:
        return []
    backup = newest(_changes(known))
    if backup is None:
        return [wrong("restorable", known.application, NONE, TAKE, symptom="no backup")]
    look = Remedy(command=f"backout db verify APP {backup.name}")
    read = as_read(known.here, known.application, backup)
    if read is None:
        return [unseen("restorable", known.application, f"{backup.name} was not read yet as it is now", look)]
    problems, at = read
    if problems:
        said = f"{backup.name} cannot be restored: {'; '.join(problems)}"
        return [wrong("restorable", known.application, said, TAKE, look, symptom="damaged")]
    return [well("restorable", known.application, f"{backup.name} was read whole at {at:%Y-%m-%d %H:%M} UTC")]


def _changes(known: Known) -> Changes:
    return changes_of(known.described, known.here.home)
