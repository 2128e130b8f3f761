"""Requests for consent that nobody answers: the next contact is called, and past the deadline `serve` wakes the run too."""

import threading
from contextlib import suppress

from prefect.logging import get_logger

from blocks.installation import Installation, installation
from blocks.store import waiting
from deployments.answering import asked_last
from deployments.escalation import call_next
from deployments.prefect_api import PrefectApi
from domain.consent import NOBODY
from domain.errors import BackoutError

EVERY_S = 2.0
LATE_S = 5.0
"""Seconds after the deadline that its own run, `consent-deadline`, has to wake the waiting one first."""

WAKE_UP = {"decision": "reject", "your_name": NOBODY, "reason": "nobody answered in time"}


def wake_overdue(stop: threading.Event) -> None:
    """Look again and again until told to stop; waits out a store or a Prefect that is away."""
    with installation() as here:
        while not stop.wait(EVERY_S):
            # Each for itself: where Prefect is away people are called all the same, and no call keeps a deadline from ending.
            with suppress(BackoutError):
                wake_once(here)
            with suppress(BackoutError):
                call_next(here)


def wake_once(here: Installation) -> list[str]:
    """Wake each waiting run whose deadline has passed; the incidents of those that were woken."""
    overdue = waiting.overdue(here.store.database, LATE_S)
    if not overdue:
        return []
    with PrefectApi.find(here.home) as api:
        woken = [incident for incident in overdue if _wake(here, api, incident)]
    for incident in woken:
        get_logger("backout.consent").warning("%s: woken after its deadline", incident)
    return woken


def _wake(here: Installation, api: PrefectApi, incident: str) -> bool:
    asked = asked_last(here, incident)
    if asked is None:
        return False
    with suppress(LookupError):
        return api.resume(asked.data["run"], WAKE_UP)
    return False
