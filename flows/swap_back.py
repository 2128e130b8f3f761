"""The restore was the wrong answer: the database that was swapped out gets its name again."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.database.wish import Wish
from flows import form
from flows.database_path import mend_database
from flows.naming import run_name
from flows.runbook import asked, run


@flow(name="swap-back", flow_run_name=run_name, persist_result=False)
def swap_back(
    application: form.Application,
    reason: form.Reason,
    kept: form.KeptDatabase = None,
    severity: form.Severity = None,
    accept_data_loss: form.AcceptDataLoss = None,
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
) -> State[Any]:
    """Swap the kept database back by rename; the restored one is kept in its turn."""
    wish = Wish(kept=kept or None, accept_data_loss=accept_data_loss)
    request = asked(
        application, runbook="swap-back", issue="data-corruption", severity=severity, reason=reason,
        dry_run=dry_run, database=wish, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, mend_database)
