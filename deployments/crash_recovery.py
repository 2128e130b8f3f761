"""A run that crashed is started again, where its deployment says that this is safe."""

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.logging.loggers import flow_run_logger
from prefect.states import AwaitingRetry

from deployments.catalog import RESUMABLE_TAG

RESTARTS = 3
RESTARTS_LABEL = "backout.restarts"


def may_restart(flow_run: FlowRun) -> bool:
    """Whether this run is Crashed and tagged as one that can be started again."""
    return flow_run.state is not None and flow_run.state.is_crashed() and RESUMABLE_TAG in flow_run.tags


async def restart(client: PrefectClient, flow_run: FlowRun) -> bool:
    """Schedule the run again, at most `RESTARTS` times in its life; whether it was.

    The count is kept in the run's labels before the state changes: a crash in between costs one try, never a loop.
    """
    restarts = int(flow_run.labels.get(RESTARTS_LABEL, 0))
    if restarts >= RESTARTS:
        flow_run_logger(flow_run).error("Crashed %s times; it is not started again.", restarts + 1)
        return False
    await client.update_flow_run_labels(flow_run.id, {RESTARTS_LABEL: restarts + 1})
    again: State[object] = AwaitingRetry(message=f"Crashed; started again, {restarts + 1} of {RESTARTS}.")
    await client.set_flow_run_state(flow_run.id, again)
    return True
