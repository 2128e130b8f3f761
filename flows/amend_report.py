"""What only people know goes into the report: users, root cause, prevention, owned action items."""

from typing import Annotated, Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State, StateType
from pydantic import Field

from blocks.installation import installation
from blocks.ledger import Hold
from domain.incident import TOLD_BY_PEOPLE
from flows import form
from flows.intake import document_of
from tasks.case import Case
from tasks.report import write_report

Told = Annotated[str, Field(description="Empty: stays as it is. Lists: one item a line.")]


@flow(name="report", flow_run_name="report {incident}", persist_result=False)
def amend_report(
    application: form.Application,
    incident: Annotated[str, Field(title="Incident", description="Its id, as in the report's heading.")],
    users_affected: Annotated[Told, Field(title="Users affected")] = "",
    services: Annotated[Told, Field(title="Services impacted")] = "",
    data_loss: Annotated[Told, Field(title="Data loss")] = "",
    revenue: Annotated[Told, Field(title="Revenue lost")] = "",
    root_cause: Annotated[Told, Field(title="Root cause")] = "",
    resolution: Annotated[Told, Field(title="Resolution")] = "",
    prevention: Annotated[Told, Field(title="Prevention")] = "",
    action_items: Annotated[Told, Field(title="Action items")] = "",
    lessons: Annotated[Told, Field(title="Lessons learned")] = "",
) -> State[Any]:
    """Keep what was filled in beside what was recorded, and write the report again."""
    given = {
        "users_affected": users_affected, "services": services, "data_loss": data_loss, "revenue": revenue,
        "root_cause": root_cause, "resolution": resolution, "prevention": prevention, "action_items": action_items,
        "lessons": lessons,
    }  # fmt: skip
    told = {field: given[field] for field in TOLD_BY_PEOPLE if given[field].strip()}
    with installation() as here:
        document = document_of(application, here)
        found = here.store.tell(incident, told)
        hold = Hold(found.application, incident, 0)
        facts = write_report(Case(here, document, here.store, found, hold, str(runtime.flow_run.id)), found)
    return State(
        type=StateType.COMPLETED, name="Amended", message=f"still open: {', '.join(facts.open) or 'nothing'}"
    )
