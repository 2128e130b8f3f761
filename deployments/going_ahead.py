"""Many applications at once: their runs' acts go ahead of Prefect, which then takes each run up where it stands.

Prefect's server uses one processor, for half a second to begin one run with its tasks: users of the twentieth application
would wait for the nineteen before it. So the process of such a run first does what users wait for, by journal and lock
alone; then Prefect begins the run, and it goes on as one does whose process was killed there. A run that is alone begins
in Prefect, where it is watched from its first act.
"""

import traceback
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.schemas.objects import FlowRun

from blocks.application import Application
from blocks.home import Home
from blocks.users_first import wait_for_users
from deployments.prefect_api import PrefectApi
from flows.this_run import ThisRun, ahead

STORM = 3
"""So many runs at once are a storm: more than have a processor each."""

OTHERS_S = 20.0
"""Seconds that a run whose users are served waits for those of others, before it asks Prefect for anything."""


@dataclass(frozen=True)
class Early:
    """What a run's acts need before Prefect begins it.

    Attributes:
        block: id of the application's block.
        parameters: the flow's other ones.
        due: when it was to start, ISO 8601; empty where that is not known.
    """

    block: str
    parameters: dict[str, Any]
    due: str


def early_of(flow_run: FlowRun, under_way: Collection[UUID]) -> Early | None:
    """What the run needs to go ahead; None where it begins in Prefect first.

    That is one that a person started, one that was begun before, and one with few others under way.

    Args:
        flow_run: as Prefect has it; its application is a reference to the block.
        under_way: all runs that act or are about to, this one among them.
    """
    if len(under_way) < STORM or flow_run.run_count:
        return None
    given = dict(flow_run.parameters)
    block = _block(given.pop("application", None))
    if block is None or given.get("via") != "automation" or not given.get("detection"):
        return None
    due = flow_run.expected_start_time
    return Early(block, given, due.isoformat() if due else "")


def _block(reference: Any) -> str | None:
    found = reference.get("$ref") if isinstance(reference, dict) else None
    return found.get("block_document_id") if isinstance(found, dict) else None


def go_ahead(flow: Flow[..., Any], run: str, early: Early) -> None:
    """Do the acts of the run, and wait for other users. Whatever goes wrong is printed: the run itself begins at once, and looks."""
    home = Home.from_env()
    try:
        with PrefectApi.find(home) as api:
            application = Application(**api.block(early.block))
        due = datetime.fromisoformat(early.due) if early.due else None
        with ahead(ThisRun(run, due, early.parameters["detection"])):
            flow.fn(application=application, **early.parameters)
    except Exception:  # noqa: BLE001 - nothing is lost: the run does what is not done yet, and says why where it cannot
        traceback.print_exc()
    else:
        wait_for_users(home, OTHERS_S)
