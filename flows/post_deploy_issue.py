"""A release that went wrong right after it was deployed: FlappyJournal scenario 1."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import form
from flows.naming import run_name
from flows.path import take_back
from flows.runbook import asked, run


@flow(name="post-deploy-issue", flow_run_name=run_name, persist_result=False)
def post_deploy_issue(
    application: form.Application,
    reason: form.Reason,
    severity: form.Severity = None,
    target: form.Target = form.LAST_GOOD,
    impact: form.Impact = "",
    users: form.Users = None,
    downtime: form.Downtime = "",
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
    detection: form.Detection = None,
) -> State[Any]:
    """Take back a release that broke something within its first hour."""
    request = asked(
        application, target, detection, runbook="post-deploy-issue", issue="post-deploy-issue", severity=severity,
        reason=reason, impact=impact, users=users, downtime=downtime, dry_run=dry_run, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, take_back)
