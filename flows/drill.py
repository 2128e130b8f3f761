"""The drill: what serves is broken on purpose, and everything else is real: NotesHub "Monthly Rollback Drill"."""

from typing import Annotated, Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State, StateType
from pydantic import Field

from blocks.installation import installation
from blocks.store import drills
from domain.drill import Drill
from domain.errors import BackoutError
from flows import form
from flows.intake import document_of
from flows.naming import run_name
from tasks import drill as steps
from tasks.drill_case import DrillCase
from tasks.drill_cleanup import cleaned_up, given_up, mend_after_failure
from tasks.drill_probe import Probe
from tasks.drill_report import conclude
from tasks.drill_rest import rest
from tasks.drill_restore import restore

Fault = Annotated[
    str | None, Field(title="Fault", description="One of `drill.faults`. Empty: the first of them.")
]
Production = Annotated[
    bool,
    Field(title="Production too", description="A drill breaks what serves. Needed where that is production."),
]


@flow(name="drill", flow_run_name=run_name, persist_result=False)
def drill(
    application: form.Application,
    fault: Fault = None,
    production: Production = False,
    reason: form.Why = "",
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
) -> State[Any]:
    """Deploy, break, wait until it is found and taken back, mend, restore a backup, report. A killed one is cleaned up."""
    run = str(runtime.flow_run.id)
    with installation() as here:
        document = document_of(application, here)
        if (before := drills.of_run(here.store.database, run)) is not None:
            over = before if before.ended_at else cleaned_up(here, document, before)
            return _said(over)
        chosen = steps.refuse(document, fault, production=production)
        wanted = steps.new(document, run, chosen, by=asked_by, via=via, reason=reason)
        return _said(play(steps.opened(here, document, wanted)))


def play(case: DrillCase) -> Drill:
    """The drill from its first step to its report; however it goes, the fault is undone."""
    try:
        problem = _problem(case)
        if not case.mended:
            mend_after_failure(case)
        return conclude(case, problem)
    except BaseException:
        given_up(case, f"broke off in `{case.drill.step}`")
        raise


def _problem(case: DrillCase) -> str:
    try:
        return _played(case)
    except BackoutError as error:
        return error.what()


def _played(case: DrillCase) -> str:
    """Why it broke off; empty where it came to its end."""
    rest(case)
    steps.deploy(case)
    url = f"{case.document.platform.address}{case.settings.path}"
    with Probe(url, case.settings.rate) as probe:
        try:
            steps.inject(case)
            incident = steps.found(case)
            over = steps.ended(case, incident) if incident else None
            steps.mend(case)
        finally:
            case.seen.requests, case.seen.errors, case.seen.lost = probe.requests, probe.errors, probe.lost
    restore(case)
    if incident is None:
        return f"detect: nothing found the fault within {case.settings.patience_s:g} s"
    if over is None:
        return steps.unended(case, incident)
    return ""


def _said(over: Drill) -> State[Any]:
    if over.passed:
        took = over.figures.total_s
        how = (
            f"{over.outcome}, as it must"
            if took is None
            else f"{took:.1f} s from the fault to verified traffic"
        )
        return State(type=StateType.COMPLETED, name="Passed", message=f"{how}; report: {over.report}")
    said = "; ".join(over.problems) or f"the incident ended {over.outcome}, it must end {over.ends}"
    return State(type=StateType.FAILED, name="Missed", message=f"{said}; report: {over.report or 'none'}")
