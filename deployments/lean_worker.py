"""What a run costs Prefect's server before it begins: a worker that asks only for what it does not know.

Where many applications go back at once, all their requests wait for the one process that answers them.
"""

import time
from abc import ABC
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Any, Generic, TypeVar
from uuid import UUID

from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker
from pydantic import BaseModel

from blocks.home import Home
from blocks.users_first import hurry, users_wait
from deployments.catalog import WATCH_TAG
from deployments.children import WarmResult

Found = TypeVar("Found", bound=BaseModel)

KNOWN_SECONDS = 5.0
"""How long an answer on a deployment or a flow stays good: both change when a person applies something new."""


class LeanWorker(BaseWorker[BaseJobConfiguration, BaseVariables, WarmResult], ABC):
    """The stock worker without the requests that a run need not wait for.

    Args:
        work_pool_name: the pool to poll.
        home: where runs of this host say that their users wait.
        options: those of Prefect's own workers.
    """

    def __init__(self, work_pool_name: str, home: Home, **options: Any) -> None:
        super().__init__(work_pool_name, **options)
        self._home = home

    async def setup(self) -> None:
        """As the stock worker; its deployments and flows are then read once in a while, not twice a run."""
        await super().setup()
        for name in ("read_deployment", "read_flow"):
            setattr(self.client, name, Known(getattr(self.client, name)))

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """As the stock worker; what can wait on this host waits for a run that is on its way to act."""
        with nullcontext() if WATCH_TAG in flow_run.tags else users_wait(self._home):
            await super()._submit_run(flow_run)

    def _not_begun(self, due: Sequence[WorkerFlowRunResponse]) -> list[FlowRun]:
        """The runs that are due, without those that are being submitted: until they are Pending they are named again."""
        return [entry.flow_run for entry in due if entry.flow_run.id not in self._submitting_flow_run_ids]

    def _hurry_if_short(self, due: Sequence[FlowRun], fit: Sequence[FlowRun]) -> None:
        """Where a run that acts has no place, those whose users are served are to free theirs."""
        if sum(WATCH_TAG not in run.tags for run in due) > sum(WATCH_TAG not in run.tags for run in fit):
            hurry(self._home)

    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Nothing: it is Pending already, and forking takes no time that a person could see."""

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """At the run's end, by `labelled`: they only say who executed it."""

    def labelled(self, flow_run_id: UUID, result: WarmResult) -> WarmResult:
        """Give the run the labels of its worker, beside whatever goes on; after its restart where it crashed.

        Not before: who starts it again counts in a label, and of two writers one could lose.
        """
        if result.status_code == 0 and self._runs_task_group is not None:
            self._runs_task_group.start_soon(self._label, flow_run_id)
        return result

    async def _label(self, flow_run_id: UUID) -> None:
        try:
            await super()._give_worker_labels_to_flow_run(flow_run_id)
        except Exception:
            self._logger.warning("run %s has no labels of its worker", flow_run_id, exc_info=True)


class Known(Generic[Found]):
    """A client's read method that asks once in `KNOWN_SECONDS` for each id."""

    def __init__(self, read: Callable[[UUID], Awaitable[Found]]) -> None:
        self._read = read
        self._found: dict[UUID, tuple[float, Found]] = {}

    async def __call__(self, id_: UUID) -> Found:
        """What was found; a copy, because Prefect merges a run's own variables into it. Raises what the method raises."""
        now = time.monotonic()
        self._found = {key: kept for key, kept in self._found.items() if kept[0] > now - KNOWN_SECONDS}
        if id_ not in self._found:
            self._found[id_] = now, await self._read(id_)
        return self._found[id_][1].model_copy(deep=True)
