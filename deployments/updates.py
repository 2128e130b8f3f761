"""How open incidents go, told every few minutes: NotesHub "Communication Protocol" 2, and its first message within a minute.

Nothing is kept in the process: what is due follows from when the incident was opened, and the outbox takes each update once.
"""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from prefect.logging import get_logger

from blocks.installation import Installation, installation
from blocks.store import waiting
from blocks.store.waiting import Open
from deployments.applications import document
from domain.errors import BackoutError
from domain.errors.unforeseen import in_words
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.standing import slot, standing
from flows.intake import after_the_end
from tasks.case import Case
from tasks.tell import announce_early, tell

EVERY_S = 5.0
LATE_S = 30.0
"""Seconds a run has to say itself how it ended."""

FIRST_S = 40.0
"""Seconds a run has to say the first word itself: it is to be said within a minute."""

LONGEST = timedelta(days=1)
"""An incident that is open for longer is told of no more: nobody reads the 289th update."""


def tell_on(stop: threading.Event) -> None:
    """Look again and again until told to stop; waits out a store that is away."""
    told: dict[str, int] = {}
    with installation() as here:
        while not stop.wait(EVERY_S):
            with suppress(BackoutError):
                tell_once(here, datetime.now(UTC), told)
                close_once(here)


def tell_once(here: Installation, now: datetime, told: dict[str, int]) -> list[str]:
    """Post what is due, each update once, whoever posts it; the incidents that were told of.

    Args:
        here: where the store is.
        now: the moment it is done for.
        told: incident -> the last slot that this process posted, kept up to date: it saves asking the store again.
    """
    open_now = waiting.open_incidents(here.store.database)
    for gone in told.keys() - {one.incident for one in open_now}:
        del told[gone]
    return [one.incident for one in open_now if _tell(here, one, now, told)]


def close_once(here: Installation) -> list[str]:
    """Say of incidents that another one took the place of that they are over; the incidents it was said of."""
    return [one for one in waiting.untold(here.store.database, LATE_S) if _close(here, one)]


def _close(here: Installation, incident: str) -> bool:
    """Whether it could be said; one that cannot be keeps no other back."""
    try:
        described = document(here, here.store.incident(incident).application)
        case = after_the_end(here, described, incident, "serve")
        closed = [entry for entry in case.ledger.entries(incident) if entry.kind == Happened.CLOSED]
        tell(
            case,
            Moment.ENDED,
            said=[str(entry.data["why"]) for entry in closed[-1:] if entry.data.get("why")],
        )
    except Exception as error:  # noqa: BLE001 - neither what cannot be read nor a defect keeps another one back
        _log(incident, error)
        return False
    return True


def _tell(here: Installation, one: Open, now: datetime, told: dict[str, int]) -> bool:
    """Whether something was posted; an incident that cannot be told of keeps no other back."""
    if now - one.opened_at > LONGEST or now - one.opened_at < timedelta(seconds=FIRST_S):
        return False
    try:
        described = document(here, one.application)
        case = after_the_end(here, described, one.incident, "serve")
        announce_early(case)
        return _update(case, one, now, told)
    except Exception as error:  # noqa: BLE001 - as in `_close`
        _log(one.incident, error)
        return False


def _log(incident: str, error: Exception) -> None:
    get_logger("backout.updates").warning("%s: nothing is posted: %s", incident, in_words(error))


def _update(case: Case, one: Open, now: datetime, told: dict[str, int]) -> bool:
    due = slot(one.opened_at, now, case.document.policy.update_every_s)
    if due <= told.get(one.incident, 0):
        return False
    entries = case.ledger.entries(one.incident)
    seen = standing(entries, case.incident.plan, one.opened_at, now, alive=one.alive)
    tell(case, Moment.UPDATE, standing=seen, once=f"slot {due}")
    told[one.incident] = due
    return True
