"""The standard rollback: FlappyJournal "Standard Rollback Process", NotesHub "Standard Rollback", Jarvis steps 1 to 6."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.request import LAST_GOOD
from flows import form
from flows.naming import run_name
from flows.path import take_back
from flows.runbook import asked, run


@flow(name="rollback", flow_run_name=run_name, persist_result=False)
def rollback(
    application: form.Application,
    target: form.Target = LAST_GOOD,
    only: form.Only = None,
    severity: form.Severity = None,
    reason: form.Reason = "",
    issue: form.Issue = None,
    impact: form.Impact = "",
    users: form.Users = None,
    downtime: form.Downtime = "",
    force: form.Force = False,
    even_unhealthy: form.EvenUnhealthy = False,
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
    detection: form.Detection = None,
) -> State[Any]:
    """Take one application back to its last good release."""
    request = asked(
        application, target, detection, runbook="rollback", only=only or None, severity=severity, reason=reason, issue=issue or None, impact=impact,
        users=users, downtime=downtime, force=force, even_unhealthy=even_unhealthy, dry_run=dry_run, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, take_back)
