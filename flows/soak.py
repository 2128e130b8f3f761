"""The watch after a rollback: F "Extended Monitoring" 15-60 minutes, J step 6 and N 15-30 minutes. It holds no lock."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State, StateType
from pydantic import Field

from blocks.installation import installation
from blocks.ledger import Hold
from flows import form
from flows.intake import document_of
from flows.naming import run_name
from tasks.case import Case
from tasks.soak import look_again, overtaken, started, stays_well, superseded, trouble, under_way

EVERY_S = 5.0


@flow(name="soak", flow_run_name=run_name, persist_result=False)
def soak(
    application: form.Application,
    incident: Annotated[str, Field(title="Incident", description="The incident whose rollback is watched.")],
    minutes: Annotated[
        float | None, Field(title="Minutes", gt=0, description="Empty: as long as the policy says.")
    ] = None,
) -> State[Any]:
    """Watch traffic after a rollback; on trouble tell people, and never switch back."""
    with installation() as here:
        document = document_of(application, here)
        found = here.store.incident(incident)
        watched = Case(
            here, document, here.store, found, Hold(found.application, incident, 0), str(runtime.flow_run.id)
        )
        seconds = minutes * 60 if minutes else document.policy.watched_s(found.request.kind)
        until = started(watched, datetime.now(UTC) + timedelta(seconds=seconds))
        while datetime.now(UTC) < until:
            if newer := overtaken(watched):
                return _ended(StateType.COMPLETED, "Superseded", superseded(watched, newer))
            if not under_way(watched) and (problem := look_again(watched)):
                return _ended(StateType.FAILED, "Trouble", trouble(watched, problem))
            time.sleep(min(EVERY_S, max(0.0, (until - datetime.now(UTC)).total_seconds())))
        return _ended(StateType.COMPLETED, "Stable", stays_well(watched))


def _ended(kind: StateType, name: str, message: str) -> State[Any]:
    return State(type=kind, name=name, message=message)
