"""Rehearse the way down before it is needed: NotesHub "Every migration must have a rollback script"."""

from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State, StateType
from pydantic import Field

from blocks.installation import installation
from flows import form
from flows.database_tables import show_rehearsal
from flows.intake import document_of
from flows.naming import run_name
from tasks.rehearse import rehearse_last
from tasks.run_log import progress_lines

Down = Annotated[
    str | None,
    Field(title="Down to version", description="Empty: the way down of the newest applied migration."),
]


@flow(name="rehearse-migrations", flow_run_name=run_name, persist_result=False)
def rehearse_migrations(application: form.Application, version: Down = None) -> State[Any]:
    """On a clone of the real data: run the down steps, compare the schema, time it, count what it loses, drop the clone."""
    with installation() as here:
        rehearsal = rehearse_last(here, document_of(application, here), version, progress_lines())
        show_rehearsal(rehearsal)
    if rehearsal.works:
        said = f"{len(rehearsal.steps)} down steps work, {rehearsal.rows} rows at risk"
        return State(type=StateType.COMPLETED, name="Works", message=said)
    said = rehearsal.failed or "; ".join(rehearsal.differences)
    return State(type=StateType.COMPLETED, name="DoesNotWork", message=f"do not believe the way down: {said}")
