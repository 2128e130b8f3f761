"""What serves is restarted, and no release changes: Aldeia "Remember" 1, NotesHub "Standard Rollback" 3."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.request import RESTART
from flows import form
from flows.naming import run_name
from flows.path import restart_in_place
from flows.runbook import asked, run


@flow(name=RESTART, flow_run_name=run_name, persist_result=False)
def restart(
    application: form.Application,
    reason: form.Reason,
    severity: form.Severity = None,
    issue: form.Issue = None,
    impact: form.Impact = "",
    users: form.Users = None,
    downtime: form.Downtime = "",
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
    detection: form.Detection = None,
) -> State[Any]:
    """Restart what serves in place, one instance after the other, and verify it as users have it."""
    request = asked(
        application, detection=detection, runbook=RESTART, severity=severity, issue=issue or None, reason=reason,
        impact=impact, users=users, downtime=downtime, dry_run=dry_run, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, restart_in_place)
