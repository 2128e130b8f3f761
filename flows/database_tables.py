"""What is known of a database, as tables in Prefect's UI."""

from collections.abc import Iterable

from prefect.artifacts import create_table_artifact

from domain.database.backup import Backup
from domain.database.rehearsal import Rehearsal
from domain.names import block_name

SHOWN = 20


def show_backups(application: str, backups: Iterable[Backup]) -> None:
    """The newest backups, with what is wrong with each."""
    rows = [
        {
            "backup": backup.name,
            "taken": f"{backup.taken_at:%Y-%m-%d %H:%M:%S} UTC",
            "MB": f"{backup.bytes / 1e6:.1f}",
            "rows": str(sum(backup.manifest.rows.values())) if backup.manifest else "not known",
            "schema": (backup.manifest.schema_version or "") if backup.manifest else "not known",
            "state": "; ".join(backup.problems) or ("verified" if backup.verified else "unverified"),
        }
        for backup in list(backups)[:SHOWN]
    ]
    create_table_artifact(rows, key=f"backups-{block_name(application)}", description="Backups, newest first")


def show_rehearsal(rehearsal: Rehearsal) -> None:
    """What was seen on the clone."""
    rows = [
        {"what": "down from", "value": str(rehearsal.from_version)},
        {"what": "down to", "value": str(rehearsal.to_version)},
        {"what": "works", "value": "yes" if rehearsal.works else "no"},
        {"what": "steps", "value": f"{', '.join(rehearsal.steps)} in {rehearsal.steps_s:.2f} s"},
        *([{"what": "failed", "value": rehearsal.failed}] if rehearsal.failed else []),
        *({"what": "differs", "value": line} for line in rehearsal.differences),
        *({"what": "differs only in form", "value": line} for line in rehearsal.cosmetic),
        *(
            {"what": "rows at risk", "value": f"{row.rows} of {row.table}: {row.what}"}
            for row in rehearsal.rows_at_risk
        ),
        *(
            {"what": "locks", "value": f"{lock.mode} on {lock.table}: {lock.blocks}"}
            for lock in rehearsal.locks
        ),
        *({"what": "statement", "value": statement} for statement in rehearsal.statements),
    ]
    key = f"rehearsal-{block_name(rehearsal.database)}"
    create_table_artifact(rows, key=key, description="The way down, rehearsed on a clone")
