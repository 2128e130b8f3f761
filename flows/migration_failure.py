"""A migration broke the application: FlappyJournal scenario 4, Jarvis scenario 2, NotesHub "Standard Rollback" step 2."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.database.wish import Condition, Wish
from domain.request import LAST_GOOD
from flows import form
from flows.database_path import take_back_with_schema
from flows.naming import run_name
from flows.runbook import asked, run


@flow(name="migration-failure", flow_run_name=run_name, persist_result=False)
def migration_failure(
    application: form.Application,
    reason: form.Reason,
    severity: form.Severity = None,
    target: form.Target = LAST_GOOD,
    backup: form.Backup = None,
    accept_data_loss: form.AcceptDataLoss = None,
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
    detection: form.Detection = None,
) -> State[Any]:
    """Take code and schema back together, in the order that keeps the old release running."""
    wish = Wish(condition=Condition.SERVICE_FAILURE, backup=backup or None, accept_data_loss=accept_data_loss)
    request = asked(
        application, target, detection, runbook="migration-failure", issue="migration-failure", severity=severity,
        reason=reason, dry_run=dry_run, database=wish, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, take_back_with_schema)
