"""What no run came to do after an incident: a report that was left to a watch, follow-ups that Prefect did not take."""

import threading
from contextlib import suppress

import httpx
from prefect.exceptions import PrefectException
from prefect.logging import get_logger

from blocks.document import policy_of
from blocks.installation import Installation, installation
from blocks.prefect_settings import prefect_settings
from blocks.store import configurations, waiting
from deployments.applications import document
from deployments.prefect_api import PrefectApi
from domain.errors import BackoutError, UnknownApplication
from domain.incident import Incident
from flows.afterwards import schedule_follow_ups
from flows.intake import after_the_end
from tasks.aftermath import aftermath

EVERY_S = 15.0
LATE_S = 60.0
"""Seconds after its end that an incident's own watch has to see to it."""

UNSCHEDULED_S = 300.0
"""Seconds after its end that an incident's own runs have to schedule its follow-ups."""


def finish_late(stop: threading.Event) -> None:
    """Look again and again until told to stop; waits out a store or a Prefect that is away."""
    with installation() as here:
        while not stop.wait(EVERY_S):
            with suppress(BackoutError):
                finish_once(here)
            with suppress(BackoutError):
                schedule_once(here)


def finish_once(here: Installation) -> list[str]:
    """Do what was put off and not done by anybody: evidence, report, last words. The incidents it was done for."""
    return [one for one in waiting.put_off(here.store.database, LATE_S) if _finish(here, one)]


def schedule_once(here: Installation) -> list[str]:
    """Schedule the follow-ups that incidents of the last day should have and lack; the incidents it was done for."""
    lacking = waiting.unscheduled(here.store.database, UNSCHEDULED_S)
    return [one for one in lacking if _schedule(here, here.store.incident(one))]


def _schedule(here: Installation, incident: Incident) -> bool:
    """Whether it could be done; the next round tries again. Prefect keeps one run a step and incident, however often asked."""
    if not _followed_up(here, incident.application):
        return False
    with suppress(BackoutError, PrefectException, httpx.HTTPError):
        with PrefectApi.find(here.home) as api:
            block = api.application_block(incident.application)
        case = after_the_end(here, document(here, incident.application), incident.id, "serve")
        with prefect_settings(here.home):
            schedule_follow_ups(case, block)
        get_logger("backout.unfinished").warning("%s: its follow-ups are scheduled now", incident.id)
        return True
    return False


def _followed_up(here: Installation, application: str) -> bool:
    with suppress(UnknownApplication, ValueError):
        return policy_of(configurations.of(here.store.database, application).document).follow_ups.enabled
    return False


def _finish(here: Installation, incident: str) -> bool:
    """Whether it could be done; one that cannot be keeps no other back."""
    with suppress(BackoutError):
        described = document(here, here.store.incident(incident).application)
        aftermath(after_the_end(here, described, incident, "serve"))
        get_logger("backout.unfinished").warning("%s: no watch wrote its report; it is written", incident)
        return True
    return False
