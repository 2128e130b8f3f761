"""Forgetting what is old, in `serve`'s own rounds: the store's tables of alerts, detections and codes do not grow without end."""

import threading

from prefect.logging import get_logger

from blocks.installation import Installation, installation
from blocks.store.retention import AT_ONCE, OLD, forget
from domain.errors import BackoutError

FIRST_S = 60.0
EVERY_S = 3600.0


def forget_old(stop: threading.Event) -> None:
    """Look again and again until told to stop; waits out a store that is away."""
    with installation() as here:
        pause = FIRST_S
        while not stop.wait(pause):
            try:
                forget_once(here, stop)
            except BackoutError as error:
                get_logger("backout.forgetting").warning("nothing old is forgotten: %s", error.what())
            # Nobody keeps a connection open for an hour.
            here.store.rest()
            pause = EVERY_S


def forget_once(here: Installation, stop: threading.Event | None = None) -> dict[str, int]:
    """Delete all that is old; how many rows of each table. Raises StoreUnavailable."""
    gone = {table: _forget_all(here, table, stop or threading.Event()) for table in OLD}
    if any(gone.values()):
        said = ", ".join(f"{count} of {table}" for table, count in gone.items())
        get_logger("backout.forgetting").info("forgot what is old: %s", said)
    return gone


def _forget_all(here: Installation, table: str, stop: threading.Event) -> int:
    total = 0
    while not stop.is_set():
        with here.store.database.transaction() as connection:
            count = forget(connection, table)
        total += count
        if count < AT_ONCE:
            break
    return total
