"""A person wants a backup restored: Jarvis "Database Rollback Procedure", Aldeia step 8 option B."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.database.wish import Wish
from flows import form
from flows.database_path import mend_database
from flows.naming import run_name
from flows.runbook import asked, run


@flow(name="restore-database", flow_run_name=run_name, persist_result=False)
def restore_database(
    application: form.Application,
    reason: form.Reason,
    why: form.WhyRestore,
    severity: form.Severity = None,
    backup: form.Backup = None,
    accept_data_loss: form.AcceptDataLoss = None,
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
) -> State[Any]:
    """Restore beside the live database, verify, swap by rename; the live one is kept, and what it alone holds exported."""
    wish = Wish(condition=why, backup=backup or None, accept_data_loss=accept_data_loss)
    request = asked(
        application, runbook="restore-database", issue="data-corruption", severity=severity, reason=reason,
        dry_run=dry_run, database=wish, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, mend_database)
