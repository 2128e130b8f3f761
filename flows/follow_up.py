"""After an incident that rolled back: an hour, a day and a week later somebody looks again, and says what is open."""

from typing import Annotated, Any

from prefect import Flow, flow, runtime
from prefect.client.schemas.objects import FlowRun, State, StateType
from pydantic import Field

from blocks.application import Application
from blocks.installation import installation
from domain.errors import BackoutError
from domain.follow_up import Step
from flows import form
from flows.intake import after_the_end, document_of
from flows.messages import sent_beside
from flows.naming import run_name
from flows.refusal import tell_not_followed_up
from flows.runbook import persistently
from tasks import follow_up as acts


def tell_failed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect names them
    """Called by Prefect where a run failed, also before its function began: its application's block may be gone."""
    asked = flow_run.parameters
    with installation() as here:
        tell_not_followed_up(here, asked["incident"], asked["step"], state.message or state.name or "failed")


@flow(name="follow-up", flow_run_name=run_name, persist_result=False, on_failure=[tell_failed])
def follow_up(
    application: form.Application,
    incident: Annotated[
        str, Field(title="Incident", description="The incident that rolled back; filled in.")
    ],
    step: Annotated[Step, Field(title="Which", description="What is due; filled in.")],
) -> State[Any]:
    """Look, write what is open, tell people; nothing is switched, and what was told is not told again."""
    try:
        said = persistently(lambda: _follow_up(application, incident, step))
    except BackoutError as error:
        return State(type=StateType.FAILED, name="Failed", message=str(error), data=None)
    return State(type=StateType.COMPLETED, name="FollowedUp", message=f"incident {incident}: {said}")


def _follow_up(application: Application, incident: str, step: Step) -> str:
    with installation() as here:
        document = document_of(application, here)
        case = after_the_end(here, document, incident, str(runtime.flow_run.id))
        with sent_beside(here, document):
            return acts.follow_up(case, step)
