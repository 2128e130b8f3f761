"""A scenario of a runbook as a flow: they share the form, and differ in their path and their row of the decision matrix."""

from typing import Any

from prefect import Flow, flow
from prefect.client.schemas.objects import State

from domain.request import LAST_GOOD
from flows import form
from flows.conclude import Path
from flows.naming import run_name
from flows.runbook import asked, run


def scenario(name: str, path: Path, summary: str) -> Flow[..., State[Any]]:
    """The flow of this name, which is also the issue that gives the severity."""

    @flow(name=name, description=summary, flow_run_name=run_name, persist_result=False)
    def runbook(
        application: form.Application,
        reason: form.Reason,
        severity: form.Severity = None,
        target: form.Target = LAST_GOOD,
        impact: form.Impact = "",
        users: form.Users = None,
        downtime: form.Downtime = "",
        dry_run: form.DryRun = False,
        asked_by: form.AskedBy = "",
        via: form.Via = "ui",
        detection: form.Detection = None,
    ) -> State[Any]:
        request = asked(
            application, target, detection, runbook=name, issue=name, severity=severity, reason=reason, impact=impact,
            users=users, downtime=downtime, dry_run=dry_run, by=asked_by, via=via,
        )  # fmt: skip
        return run(application, request, path)

    return runbook
