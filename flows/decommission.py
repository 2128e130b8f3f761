"""After a deploy: the slot of the release before was kept up for a day or two, and is stopped. NotesHub: 24 to 48 hours."""

from typing import Annotated, Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State, StateType
from pydantic import Field

from blocks.application import Application
from blocks.installation import installation
from domain.errors import BackoutError
from flows import form
from flows.intake import after_the_end, document_of
from flows.messages import sent_beside
from flows.naming import run_name
from flows.runbook import persistently
from tasks import decommission as acts


@flow(name="decommission", flow_run_name=run_name, persist_result=False)
def decommission(
    application: form.Application,
    incident: Annotated[str, Field(title="Incident", description="The deploy; filled in.")],
) -> State[Any]:
    """Stop the slot that the deploy left, unless somebody needs it; what was done is not done again."""
    try:
        said = persistently(lambda: _decommission(application, incident))
    except BackoutError as error:
        return State(type=StateType.FAILED, name="Failed", message=str(error), data=None)
    name = "Kept" if acts.STAYS in said else "Decommissioned"
    return State(type=StateType.COMPLETED, name=name, message=f"incident {incident}: {said}")


def _decommission(application: Application, incident: str) -> str:
    with installation() as here:
        document = document_of(application, here)
        case = after_the_end(here, document, incident, str(runtime.flow_run.id))
        with sent_beside(here, document):
            return acts.decommission(case)
