"""Forward recovery: a fix takes the place of the bad release, by the same path. Aldeia "Forward Recovery"."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.request import HOTFIX
from flows import form
from flows.naming import run_name
from flows.path import take_back
from flows.runbook import asked, run


@flow(name="hotfix", flow_run_name=run_name, persist_result=False)
def hotfix(
    application: form.Application,
    target: form.Fix,
    reason: form.Reason,
    severity: form.Severity = None,
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
) -> State[Any]:
    """Put a fixed release in the place of the bad one."""
    request = asked(
        application, target, runbook=HOTFIX, severity=severity, reason=reason, dry_run=dry_run, by=asked_by, via=via
    )  # fmt: skip
    return run(application, request, take_back)
