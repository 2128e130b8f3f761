"""What a run says in Prefect: the sentences of its journal, as lines of the run's log. Outside of a flow nothing is said.

Prefect is never imported here unless it already was.
"""

import logging
import sys
import time

from blocks.databases.contract import OnProgress, untold
from domain.database.progress import Progress
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.report.story import sentence

EVERY_S = 5.0
"""Seconds between two lines about how far a long act has come; a short one says none."""

TROUBLE = {Happened.ACT_FAILED, Happened.WENT_BACK, Happened.MESSAGE_FAILED}


def in_flow() -> bool:
    """Whether a Prefect flow is running here."""
    prefect = sys.modules.get("prefect.context")
    return prefect is not None and prefect.FlowRunContext.get() is not None


def say(entry: Entry) -> None:
    """Log what the entry says. Prefect sends its log from a thread of its own: nobody waits for that here."""
    said = sentence(entry) if in_flow() else ""
    if said:
        from prefect.logging import get_run_logger

        get_run_logger().log(logging.WARNING if entry.kind in TROUBLE else logging.INFO, "%s", said)


def progress_lines() -> OnProgress:
    """For the thread of an act: says in the run's log how far it has come, every few seconds."""
    if not in_flow():
        return untold
    from prefect.logging import get_run_logger

    logger, said = get_run_logger(), time.monotonic()

    def tell(seen: Progress) -> None:
        nonlocal said
        if time.monotonic() - said < EVERY_S:
            return
        said = time.monotonic()
        share = f" ({100 * seen.done // seen.total} %)" if seen.total else ""
        logger.info("%s: %d of %d rows%s", seen.what, seen.done, seen.total, share)

    return tell
