"""Running a path as a Prefect flow: request in, path walked, outcome as the run's final state."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from prefect.client.schemas.objects import State, StateType
from prefect.logging import get_run_logger

from blocks.application import Application
from blocks.document import Document
from blocks.installation import Installation, installation
from domain.basis import Detection
from domain.errors import BackoutError, StoreUnavailable
from domain.incident import Incident
from domain.outcomes import ENDS, Outcome
from domain.report.record import closing_words
from domain.request import LAST_GOOD, Request
from flows.afterwards import afterwards
from flows.conclude import Path, conclude
from flows.intake import Followed, after_the_end, begin, checked, document_of, known_issue, known_part
from flows.messages import sent_beside
from flows.plan_table import show_plan
from flows.refusal import tell_refused
from flows.this_run import goes_ahead, this_run
from tasks.case import Case
from tasks.study_database import planned

Result = TypeVar("Result")
Walked = tuple[Case | Followed, Outcome | None, str]
"""What was worked on, and how it ended; no outcome where another run's incident was only followed."""

AHEAD_S = 0.1
"""Seconds between two looks whether the acts that went ahead of a run have come to their end, or lost their lease."""

STORE_PATIENCE_S = 300.0
STORE_PAUSE_S = 2.0
STORE_STEADY_S = 20.0
"""Longer than a store that is away lets anybody wait: 3 s to connect, 15 s for a statement (blocks/store/database.py)."""


def asked(
    application: Application, target: str = LAST_GOOD, detection: str | None = None, **fields: Any
) -> Request:
    """The form's fields as a request, at the time the run was created."""
    seen = persistently(lambda: _detected(detection)) if detection else Detection()
    to = None if target.strip() in ("", LAST_GOOD) else target.strip()
    created = this_run().due or datetime.now(UTC)
    return Request(
        application=application.name, to=to, detection=seen.findings, basis=seen.basis, at=created, **fields
    )


def _detected(detection: str) -> Detection:
    with installation() as here:
        return here.store.detection(detection)


def run(application: Application, request: Request, path: Path, *, puts_off: bool = False) -> State[Any]:
    """Walk the path for the request and end as the outcome's state.

    An error of ours that no incident ends with, like Drift before anything is looked at, is a Failed run with our words:
    a person reads them, and no trace.

    `puts_off`: end once traffic is verified, and leave evidence and report to the linked watch.

    Where it goes ahead of Prefect, the path alone is walked: the run itself then goes on, as after its process was killed.
    """
    if goes_ahead():
        return _ahead(application, request, path)
    try:
        return persistently(lambda: _run(application, request, path, puts_off=puts_off))
    except BackoutError as error:
        return State(type=StateType.FAILED, name="Failed", message=str(error), data=None)


def _run(application: Application, request: Request, path: Path, *, puts_off: bool) -> State[Any]:
    with installation() as here:
        if other := _other_run(here):
            message = f"its alert had started run {other} before"
            return State(type=StateType.COMPLETED, name="Joined", message=message)
        document = _document(here, application, request)
        known_part(document, known_issue(document, checked(request)))
        if request.dry_run:
            return _dry_run(here, document, request)
        case, outcome, why = _walked(here, document, request, path, puts_off=puts_off)
        if outcome is None:
            return _joined(case.incident)
        after = after_the_end(here, document, case.incident.id, this_run().id)
        afterwards(after, application, outcome)
        return state_of(outcome, why, after.incident)


def _ahead(application: Application, request: Request, path: Path) -> State[Any]:
    """The path, without its end: what users wait for. What goes wrong is raised; the run looks, and decides."""
    not_begun: State[Any] = State(type=StateType.PENDING)
    with installation() as here:
        if request.dry_run or not here.store.may_go_ahead(this_run().detection or "", request.application):
            return not_begun
        document = document_of(application, here)
        known_part(document, known_issue(document, checked(request)))
        case = begin(here, document, request, this_run().id)
        if isinstance(case, Case):
            _walked_ahead(case, path)
    return not_begun


def _walked_ahead(case: Case, path: Path) -> None:
    case.goes_ahead = True
    try:
        with case.acting():
            path(case)
    finally:
        case.installation.store.lay_down(case.hold)


def _other_run(here: Installation) -> str | None:
    """The run that the same alert started before: where Prefect was killed, the alert's event is sent again."""
    own = this_run()
    if own.detection is None:
        return None
    while here.store.goes_ahead(own.detection):
        time.sleep(AHEAD_S)
    first = here.store.alert_read(own.detection, own.id)
    return None if first == own.id else first


def _document(here: Installation, application: Application, request: Request) -> Document:
    """The application's document. A run that a trigger started and that cannot begin is told to people."""
    try:
        return document_of(application, here)
    except StoreUnavailable:
        raise  # it is waited out
    except BackoutError as error:
        if request.automatic:
            tell_refused(here, request, error)
        raise


def persistently(act: Callable[[], Result]) -> Result:
    """Wait out a store that is away for a while: the same run goes on where it stood, under its own incident."""
    away_since: float | None = None
    while True:
        began = time.monotonic()
        try:
            return act()
        except StoreUnavailable as error:
            failed = time.monotonic()
            # What worked for a while had the store: it went away anew. A run lasts longer than one outage may.
            if away_since is None or failed - began > STORE_STEADY_S:
                away_since = failed
            if failed > away_since + STORE_PATIENCE_S:
                raise
            get_run_logger().warning("%s; trying again", error.what())
            time.sleep(STORE_PAUSE_S)


def _walked(
    here: Installation, document: Document, request: Request, path: Path, *, puts_off: bool
) -> Walked:
    case = begin(here, document, request, this_run().id)
    if isinstance(case, Followed) and not (case.ours and case.incident.outcome):
        return case, None, ""
    if isinstance(case, Case):
        case.puts_off = puts_off
    return case, *_concluded(here, case, path)


def _concluded(here: Installation, case: Case | Followed, path: Path) -> tuple[Outcome, str]:
    """Walk the path; a run whose incident has ended, by itself before it was killed or by another one, only says so."""
    if isinstance(case, Case):
        with sent_beside(case.installation, case.document):
            return conclude(case, path)
    if case.incident.outcome is None:
        raise RuntimeError(f"incident {case.incident.id} has not ended")
    why = closing_words(here.store.entries(case.incident.id))
    return case.incident.outcome, why or "it had ended before this run was started again"


def state_of(outcome: Outcome, why: str, incident: Incident) -> State[Any]:
    """The outcome as Prefect's final state; its message says what, why, what to do next, and where the report will be."""
    end = ENDS[outcome]
    get_run_logger().info("%s: %s", outcome, why)
    later = incident.report is None and outcome is Outcome.ROLLED_BACK
    report = f"; its report comes with run soak-{incident.id}" if later else ""
    message = (
        f"{end.words}. {why.rstrip('.')}. Next: {incident.next_step(outcome)}. Incident {incident.id}{report}"
    )
    return State(type=StateType(end.state), name=end.state_name, message=message, data=None)


def _joined(found: Incident) -> State[Any]:
    if found.outcome is None:
        message = f"joined incident {found.id}, which waits for people: `backout status {found.application}`"
        return State(type=StateType.COMPLETED, name="Joined", message=message)
    end = ENDS[found.outcome]
    message = f"joined incident {found.id}: {end.words}"
    return State(type=StateType(end.state), name=f"Joined{end.state_name}", message=message)


def _dry_run(here: Installation, document: Document, request: Request) -> State[Any]:
    plan = planned(here, document, request)
    show_plan(plan)
    return State(type=StateType.COMPLETED, name="Planned", message=f"{plan.decision}: {'; '.join(plan.why)}")
