"""A part of the traffic goes to the old release, the rest stays: NotesHub "Switch Traffic"."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.request import LAST_GOOD, SHIFT_TRAFFIC
from flows import form
from flows.naming import run_name
from flows.path import take_back
from flows.runbook import asked, run


@flow(name=SHIFT_TRAFFIC, flow_run_name=run_name, persist_result=False)
def shift_traffic(
    application: form.Application,
    share: form.Share,
    reason: form.Reason,
    target: form.Target = LAST_GOOD,
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
    """Move a part of the traffic to the release that would be gone back to, and look at both as users have them."""
    request = asked(
        application, target, detection=detection, runbook=SHIFT_TRAFFIC, share=share, severity=severity,
        issue=issue or None, reason=reason, impact=impact, users=users, downtime=downtime, dry_run=dry_run, by=asked_by,
        via=via,
    )  # fmt: skip
    return run(application, request, take_back)
