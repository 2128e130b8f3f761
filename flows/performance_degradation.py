"""A release that made the application slow: FlappyJournal scenario 3, Jarvis scenario 3, MVP-011 scenario 3."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import form
from flows.naming import run_name
from flows.path import take_back_if_faster
from flows.runbook import asked, run


@flow(name="performance-degradation", flow_run_name=run_name, persist_result=False)
def performance_degradation(
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
    """Measure both releases, and go back if the old one is faster."""
    request = asked(
        application, target, detection, runbook="performance-degradation", issue="performance-degradation",
        severity=severity, reason=reason, impact=impact, users=users, downtime=downtime, dry_run=dry_run, by=asked_by,
        via=via,
    )  # fmt: skip
    return run(application, request, take_back_if_faster)
