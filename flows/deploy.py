"""A new release goes into the idle slot, and gets the traffic by steps. FlappyJournal deploy-blue-green, NotesHub "Deployment Flow"."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.request import DEPLOY, Kind
from domain.severity import Severity
from flows import form
from flows.naming import run_name
from flows.path import go_forward
from flows.runbook import asked, run


@flow(name=DEPLOY, flow_run_name=run_name, persist_result=False)
def deploy(
    application: form.Application,
    release: form.NewRelease,
    reason: form.Why = "",
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
) -> State[Any]:
    """Deploy a release, with a canary; a bad one goes back by itself."""
    request = asked(
        application, release, runbook=DEPLOY, kind=Kind.DEPLOY, severity=Severity.LOW, reason=reason, dry_run=dry_run,
        by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, go_forward)
