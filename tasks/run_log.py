"""What a run says in Prefect: the sentences of its journal, as lines of the run's log. Outside of a flow nothing is said.

Prefect is never imported here unless it already was.
"""

import logging
import sys

from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.report.story import sentence

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
