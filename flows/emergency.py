"""Users are hurt now: FlappyJournal "Immediate Emergency Rollback", NotesHub "Emergency Rollback", Jarvis "Emergency"."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.request import LAST_GOOD, Kind
from domain.severity import Severity
from flows import form
from flows.naming import run_name
from flows.path import take_back_now
from flows.runbook import asked, run


@flow(name="emergency", flow_run_name=run_name, persist_result=False)
def emergency(
    application: form.Application,
    reason: form.Reason,
    target: form.Target = LAST_GOOD,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
    detection: form.Detection = None,
) -> State[Any]:
    """Switch now and ask nobody; return once traffic is verified. The watch goes on as a run of its own."""
    request = asked(
        application, target, detection, runbook="emergency", kind=Kind.EMERGENCY, severity=Severity.CRITICAL,
        issue="service-outage", reason=reason, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, take_back_now, puts_off=True)
