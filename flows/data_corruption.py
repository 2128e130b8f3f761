"""The data itself is wrong or gone: Jarvis "When to Rollback Database", Aldeia step 1 row 3 and step 8 option B."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.database.wish import Wish
from flows import form
from flows.database_path import mend_database
from flows.naming import run_name
from flows.runbook import asked, run


@flow(name="data-corruption", flow_run_name=run_name, persist_result=False)
def data_corruption(
    application: form.Application,
    reason: form.Reason,
    data: form.Data = None,
    severity: form.Severity = None,
    backup: form.Backup = None,
    accept_data_loss: form.AcceptDataLoss = None,
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
    detection: form.Detection = None,
) -> State[Any]:
    """Find out whether the data is intact, corrupted or lost; where it is not intact, put a verified backup in its place."""
    wish = Wish(data=data, backup=backup or None, accept_data_loss=accept_data_loss)
    request = asked(
        application, detection=detection, runbook="data-corruption", issue="data-corruption", severity=severity,
        reason=reason, dry_run=dry_run, database=wish, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, mend_database)
