"""Issues found while a release is still watched: NotesHub "Standard Rollback", its seven steps."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.database.wish import Wish
from domain.request import LAST_GOOD, STANDARD
from flows import form
from flows.database_path import take_back_with_schema
from flows.naming import run_name
from flows.runbook import asked, run


@flow(name=STANDARD, flow_run_name=run_name, persist_result=False)
def standard_rollback(
    application: form.Application,
    reason: form.Reason,
    severity: form.Severity = None,
    target: form.Target = LAST_GOOD,
    impact: form.Impact = "",
    users: form.Users = None,
    downtime: form.Downtime = "",
    accept_data_loss: form.AcceptDataLoss = None,
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
    detection: form.Detection = None,
) -> State[Any]:
    """Traffic to the previous release, migrations down where it needs that, services restarted, caches cleared, all checked.

    The order differs from the script's in one place: where the schema has to go down, it goes before traffic, since the
    previous release cannot answer users before that. A backup is never put in the place of data here.
    """
    request = asked(
        application, target, detection, runbook=STANDARD, issue="post-deploy-issue", severity=severity, reason=reason,
        impact=impact, users=users, downtime=downtime, dry_run=dry_run, database=Wish(accept_data_loss=accept_data_loss),
        by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, take_back_with_schema)
