"""The watch after a rollback or a deploy: F "Extended Monitoring" 15-60 minutes, J step 6 and N 15-30 minutes. It holds no lock."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State, StateType
from pydantic import Field

from blocks.installation import installation
from domain.bad_looks import BadLooks
from flows import form
from flows.afterwards import do_the_rest
from flows.intake import after_the_end, document_of
from flows.messages import sent_beside
from flows.naming import run_name
from flows.roll_back_deploy import roll_back_deploy
from tasks.case import Case
from tasks.give_way import at_leisure, give_way
from tasks.soak import (
    look_again,
    newer_release,
    overtaken,
    started,
    stays_well,
    superseded,
    trouble,
    under_way,
)

EVERY_S = 5.0
LONGER = timedelta(minutes=15)
"""How long a watch that cannot end well goes on: N and J ask for 15 minutes without trouble."""


@flow(name="soak", flow_run_name=run_name, persist_result=False)
def soak(
    application: form.Application,
    incident: Annotated[
        str, Field(title="Incident", description="The incident whose rollback, or deploy, is watched.")
    ],
    minutes: Annotated[
        float | None, Field(title="Minutes", gt=0, description="Empty: as long as the policy says.")
    ] = None,
) -> State[Any]:
    """Watch traffic. On trouble after a deploy start its rollback; after a rollback tell people, and never switch back.

    Before that it does what an emergency left to it: evidence, report, last words.
    """
    give_way()
    with installation() as here:
        document = document_of(application, here)
        watched = after_the_end(here, document, incident, str(runtime.flow_run.id))
        with sent_beside(here, document):
            with at_leisure(here.home):
                do_the_rest(watched, application)
            until = started(watched, datetime.now(UTC) + _length(watched, minutes))
            return _watch(watched, until, application.reference())


def _length(watched: Case, minutes: float | None) -> timedelta:
    seconds = watched.document.policy.watched_s(watched.request.kind)
    return timedelta(minutes=minutes) if minutes else timedelta(seconds=seconds)


def _watch(watched: Case, until: datetime, application: dict[str, Any]) -> State[Any]:
    """Until the end, and there until everything is ok, for at most `LONGER` more."""
    bad = BadLooks()
    while True:
        if newer := _overtaken(watched):
            return _ended(StateType.COMPLETED, "Superseded", superseded(watched, newer))
        now = datetime.now(UTC)
        if not under_way(watched):
            seen = look_again(watched, every_check=now >= until)
            bad = bad.then(seen, late=now >= until + LONGER)
            if bad.trouble(seen):
                told = roll_back_deploy(watched, application, seen, bad.against)
                return _ended(StateType.FAILED, "Trouble", trouble(watched, seen.problem, told))
            if now >= until and not seen.problem:
                return _ended(StateType.COMPLETED, "Stable", stays_well(watched))
        left = (until - datetime.now(UTC)).total_seconds()
        time.sleep(min(EVERY_S, left) if left > 0 else EVERY_S)


def _overtaken(watched: Case) -> str:
    """What came after the rollback, in words; empty where nothing did."""
    if incident := overtaken(watched):
        return f"incident {incident} took over"
    if release := newer_release(watched):
        return f"superseded by release {release}"
    return ""


def _ended(kind: StateType, name: str, message: str) -> State[Any]:
    return State(type=kind, name=name, message=message)
