"""What goes on after a run's end, without the lock: the watch, the end of a superseded request, tags to find runs by."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import httpx
from prefect.exceptions import PrefectException

from blocks.application import Application
from blocks.startable import Startable
from domain.errors import BackoutError
from domain.follow_up import follow_ups, key
from domain.journal_kinds import Happened
from domain.outcomes import WATCHED, Outcome
from flows import prefect_runs
from flows.instead import start_instead
from tasks.aftermath import aftermath
from tasks.case import Case


def afterwards(case: Case, application: Application, outcome: Outcome) -> None:
    """Start what follows the end of a run. The rollback stands whatever Prefect answers here; the journal has what failed.

    What the run put off is left to the watch, and done here where that cannot be started.
    """
    watched = outcome in WATCHED and _done(case, "start the watch", lambda: _start_watch(case, application))
    _done(case, "wake what was superseded", lambda: _wake_superseded(case))
    if outcome is Outcome.SUPERSEDED:
        _done(case, "start what is done instead", lambda: start_instead(case, application))
    if not watched:
        aftermath(case)
        _schedule(case, application.reference())
        _done(case, "label the run", lambda: _label(case, [case.run], outcome))


def do_the_rest(case: Case, application: Application) -> None:
    """What the run before left to its watch: no user waits for it. Once, however often it is called."""
    aftermath(case)
    _schedule(case, application.reference())
    runs, outcome = case.installation.store.runs_of(case.incident.id), case.incident.outcome
    if outcome is not None:
        _done(case, "label the runs", lambda: _label(case, runs, outcome))


def _start_watch(case: Case, application: Application) -> None:
    watch = {"application": application.reference(), "incident": case.incident.id}
    prefect_runs.start_later("soak", watch, None, key=f"soak-{case.incident.id}")


def schedule_follow_ups(case: Case, application: dict[str, Any]) -> None:
    """Once an incident that rolled back; Prefect's scheduled runs outlive every restart.

    `application`: the reference to its block. Where Prefect answers an error, `serve` calls this again
    (deployments/unfinished.py). Nothing where they are off, and after a drill, whose release was not bad.
    """
    incident = case.installation.store.incident(case.incident.id)
    if incident.outcome is not Outcome.ROLLED_BACK or incident.closed_at is None or incident.request.drill:
        return
    due = case.document.policy.follow_ups.due(incident.closed_at)
    if not due or follow_ups(case.ledger.entries(incident.id)):
        return
    for step, at in due.items():
        parameters = {"application": application, "incident": incident.id, "step": step}
        prefect_runs.start_later("follow-up", parameters, at, key=key(step, incident.id))
    case.note(Happened.FOLLOW_UPS, due={step: at.isoformat() for step, at in due.items()})


def schedule_decommission(case: Case, application: dict[str, Any]) -> None:
    """Once a deploy: when the slot that it left is stopped. Nothing where that is off, or the slot could not be started again."""
    incident, settings = case.installation.store.incident(case.incident.id), case.document.deploy
    if incident.outcome is not Outcome.DEPLOYED or incident.closed_at is None or incident.request.drill:
        return
    if settings.keep_warm_s is None or not isinstance(case.document.platform, Startable):
        return
    if any(row.kind == Happened.KEPT_WARM for row in case.ledger.entries(incident.id)):
        return
    due = incident.closed_at + timedelta(seconds=settings.keep_warm_s)
    parameters = {"application": application, "incident": incident.id}
    prefect_runs.start_later("decommission", parameters, due, key=f"decommission-{incident.id}")
    plan = case.plan
    case.note(Happened.KEPT_WARM, slot=plan.from_slot, release=plan.from_release, until=due.isoformat())


def _schedule(case: Case, application: dict[str, Any]) -> None:
    _done(case, "schedule the follow-ups", lambda: schedule_follow_ups(case, application))
    _done(case, "schedule the decommission", lambda: schedule_decommission(case, application))


def _wake_superseded(case: Case) -> None:
    for entry in case.ledger.entries(case.incident.id):
        for waiting in entry.data["runs"] if entry.kind == Happened.SUPERSEDES else []:
            prefect_runs.wake(waiting, "superseded")


def _label(case: Case, runs: Iterable[str], outcome: Outcome) -> None:
    for run in runs:
        prefect_runs.label(run, case.document.name, outcome)


def _done(case: Case, act: str, do: Callable[[], None]) -> bool:
    try:
        do()
    except (BackoutError, PrefectException, httpx.HTTPError) as error:
        case.note(Happened.ACT_FAILED, act=act, error=f"{type(error).__name__}: {error}")
        return False
    return True
