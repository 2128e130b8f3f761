"""Drills whose run ended without them: cancelled and killed before the fault was undone, or crashed once too often."""

import threading
from contextlib import suppress
from datetime import UTC, datetime

from prefect.logging import get_logger

from blocks.installation import Installation, installation
from blocks.store import drills
from deployments.applications import document
from deployments.prefect_api import PrefectApi
from domain.drill import Drill
from domain.errors import BackoutError
from tasks.drill_cleanup import cleaned_up

EVERY_S = 15.0


def end_drills(stop: threading.Event) -> None:
    """Look again and again until told to stop; waits out a store or a Prefect that is away."""
    with installation() as here:
        while not stop.wait(EVERY_S):
            with suppress(BackoutError):
                end_once(here)


def end_once(here: Installation) -> list[str]:
    """Undo the fault of each, and close it; their ids. One that cannot be closed keeps no other back."""
    still_open = drills.open_ones(here.store.database)
    if not still_open:
        return []
    with PrefectApi.find(here.home) as api:
        return [one.id for one in still_open if _is_left(api, one) and _ended(here, one)]


def _is_left(api: PrefectApi, drill: Drill) -> bool:
    """Whether its run will not come back to it. One that Prefect forgot had until its time was over."""
    try:
        return api.state(drill.run).done
    except LookupError:
        return drill.until < datetime.now(UTC)


def _ended(here: Installation, drill: Drill) -> bool:
    with suppress(BackoutError):
        over = cleaned_up(here, document(here, drill.application), drill)
        get_logger("backout.drills").warning("drill %s is ended: %s", drill.id, "; ".join(over.problems))
        return True
    return False
