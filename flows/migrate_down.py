"""A person wants the schema down, and the code to stay: NotesHub "Rollback Database", Aldeia step 8 option A."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.database.wish import Wish
from flows import form
from flows.database_path import mend_database
from flows.naming import run_name
from flows.runbook import asked, run


@flow(name="migrate-down", flow_run_name=run_name, persist_result=False)
def migrate_down(
    application: form.Application,
    version: form.SchemaVersion,
    reason: form.Reason,
    severity: form.Severity = None,
    accept_data_loss: form.AcceptDataLoss = None,
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
) -> State[Any]:
    """Rehearse the down steps on a clone, show what they lose, run them, verify the application."""
    wish = Wish(schema_version=version, accept_data_loss=accept_data_loss)
    request = asked(
        application, runbook="migrate-down", issue="migration-failure", severity=severity, reason=reason,
        dry_run=dry_run, database=wish, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, mend_database)
