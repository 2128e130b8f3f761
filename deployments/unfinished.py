"""Reports that no watch came to write: an emergency leaves its own to a linked run, which may be cancelled or never start."""

import threading
from contextlib import suppress

from prefect.logging import get_logger

from blocks.installation import Installation, installation
from blocks.store import waiting
from deployments.applications import document
from domain.errors import BackoutError
from flows.intake import after_the_end
from tasks.aftermath import aftermath

EVERY_S = 15.0
LATE_S = 60.0
"""Seconds after its end that an incident's own watch has to see to it."""


def finish_late(stop: threading.Event) -> None:
    """Look again and again until told to stop; waits out a store that is away."""
    with installation() as here:
        while not stop.wait(EVERY_S):
            with suppress(BackoutError):
                finish_once(here)


def finish_once(here: Installation) -> list[str]:
    """Do what was put off and not done by anybody: evidence, report, last words. The incidents it was done for."""
    return [one for one in waiting.put_off(here.store.database, LATE_S) if _finish(here, one)]


def _finish(here: Installation, incident: str) -> bool:
    """Whether it could be done; one that cannot be keeps no other back."""
    with suppress(BackoutError):
        described = document(here, here.store.incident(incident).application)
        aftermath(after_the_end(here, described, incident, "serve"))
        get_logger("backout.unfinished").warning("%s: no watch wrote its report; it is written", incident)
        return True
    return False
