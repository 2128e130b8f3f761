"""Runs that somebody cancelled in Prefect: their incidents are ended by `serve`, however the run's process came to its end.

A cancelled run has no process any more that could tell people or free the application: it was stopped, it was killed,
or it had none while it waited for an answer. So nothing is asked of it. Its incident is taken over under a new token.
"""

import threading
from contextlib import suppress
from uuid import UUID

from prefect.logging import get_logger

from blocks.installation import Installation, installation
from blocks.store import waiting
from blocks.store.waiting import Open
from deployments.applications import document
from deployments.prefect_api import PrefectApi
from domain.errors import BackoutError, PrefectUnavailable
from domain.outcomes import ENDS, WATCHED, Outcome
from flows.cancelled import stop_here
from flows.conclude import conclude
from tasks.case import Case
from tasks.ended import Interrupted

EVERY_S = 1.0


def end_cancelled(stop: threading.Event) -> None:
    """Look again and again until told to stop; what is left then is found by the next `serve`."""
    said = ""
    with installation() as here:
        while not stop.wait(EVERY_S):
            try:
                end_once(here, stop)
                said = ""
            except Interrupted:
                return
            except BackoutError as error:
                if error.what() != said:
                    said = error.what()
                    get_logger("backout.cancelled").warning("cancelled runs are not ended: %s", said)


def end_once(here: Installation, stop: threading.Event) -> list[str]:
    """End each open incident whose run was cancelled; their ids. One that cannot be ended keeps no other back.

    Raises:
        BackoutError: one could not be ended, or nobody can say which; the next look tries again.
        Interrupted: told to stop. What was begun goes on at the next look.
    """
    acting = [one for one in waiting.open_incidents(here.store.database) if _of_prefect(one.run)]
    ended: list[str] = []
    failed: list[BackoutError] = []
    if not acting:
        return ended
    with PrefectApi.find(here.home) as api:
        for one in acting:
            try:
                if _cancelled(api, one) and _end(here, api, one, stop):
                    ended.append(one.incident)
            except BackoutError as error:
                failed.append(error)
    if failed:
        raise failed[0]
    return ended


def _of_prefect(run: str) -> bool:
    """Whether it is one of Prefect's runs: one of `--break-glass` is not."""
    with suppress(ValueError):
        return bool(UUID(run))
    return False


def _cancelled(api: PrefectApi, one: Open) -> bool:
    """Cancelled, or on the way to it without a process that could get there: its lease is over."""
    with suppress(LookupError):
        kind = api.state(one.run).type
        return kind == "CANCELLED" or (kind == "CANCELLING" and not one.alive)
    return False


def _end(here: Installation, api: PrefectApi, one: Open, stop: threading.Event) -> bool:
    """End one as its run would have; False where another run took it over in this moment."""
    incident = here.store.incident(one.incident)
    described = document(here, incident.application)
    begun = here.store.begin(incident.request, one.run)
    if begun.hold is None:
        return False
    case = Case(here, described, here.store, begun.incident, begun.hold, one.run, stopping=stop)
    outcome, why = conclude(case, stop_here)
    if outcome is Outcome.SUPERSEDED:
        return False
    get_logger("backout.cancelled").warning("%s: %s: %s", one.incident, outcome, why)
    with suppress(PrefectUnavailable):  # the incident has its end, which is what counts
        _show(api, case, outcome, why)
    return True


def _show(api: PrefectApi, case: Case, outcome: Outcome, why: str) -> None:
    """Say in Prefect how it ended; what was rolled back or restarted after all is watched like any other."""
    end = ENDS[outcome]
    api.cancel(case.run, f"{outcome}: {why}. Next: {end.next_step}. Incident {case.incident.id}")
    if outcome in WATCHED:
        watch = {"application": api.application_block(case.document.name), "incident": case.incident.id}
        api.start("soak", watch, tags=[], key=f"soak-{case.incident.id}")
