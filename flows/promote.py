"""What staging serves and has validated goes to production. FlappyJournal promote, and "Scenario 2: Staging Validation Failure"."""

from functools import partial
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State, StateType

from blocks.application import Application
from blocks.document import Document
from blocks.installation import Installation, installation
from domain.errors import BackoutError
from domain.incident import Incident
from domain.request import PROMOTE, Kind
from domain.severity import Severity
from flows import form
from flows.intake import document_of
from flows.naming import run_name
from flows.path import go_forward
from flows.runbook import asked, persistently, run
from tasks.validate import passed, served_release


@flow(name=PROMOTE, flow_run_name=run_name, persist_result=False)
def promote(
    application: form.Application,
    staging: form.Staging,
    reason: form.Why = "",
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
) -> State[Any]:
    """Deploy to production what staging serves, where its validation passed; else leave production untouched."""
    try:
        tried, release = persistently(lambda: _tried(staging, str(runtime.flow_run.id)))
    except BackoutError as error:
        return State(type=StateType.FAILED, name="Failed", message=str(error), data=None)
    request = asked(
        application, release, runbook=PROMOTE, kind=Kind.DEPLOY, severity=Severity.LOW, reason=reason, dry_run=dry_run,
        by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, partial(go_forward, staging=tried))


def _tried(staging: Application, run_id: str) -> tuple[Document | None, str]:
    """Staging, and the release that serves there.

    A run that is started again keeps the release it began with, and does not need staging once that passed there: it may
    have traffic to take back. None then. Raises ConfigurationError, Unreachable.
    """
    with installation() as here:
        begun = _begun(here, run_id)
        if begun is None:
            document = document_of(staging, here)
            return document, served_release(document)
        needed = begun.outcome is None and not passed(here.store.entries(begun.id))
        return document_of(staging, here) if needed else None, begun.request.to or ""


def _begun(here: Installation, run_id: str) -> Incident | None:
    """The run's own incident; None where it has none yet, or only met another one's."""
    found = here.store.incident_of(run_id)
    return here.store.incident(found) if found and run_id in here.store.runs_of(found) else None
