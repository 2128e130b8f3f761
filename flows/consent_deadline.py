"""Nobody answered: the waiting run is woken, and ends or goes on as its policy says."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.prefect_runs import wake


@flow(name="consent-deadline", persist_result=False)
def consent_deadline(
    run: Annotated[str, Field(title="Run", description="The run that waits; filled in by the rollback.")],
    incident: Annotated[str, Field(title="Incident", description="Its incident; filled in by the rollback.")],
) -> str:
    """Wake the waiting run. The answer it gets is only a wake-up: the policy's default is applied by the run itself."""
    woken = wake(run, "nobody answered in time")
    return f"{incident}: {'woken' if woken else 'no longer waiting'}"
