"""A Prefect worker that starts a run in a fraction of a second: an event wakes it, and a warm process is forked.

The stock loop polls, reports health and applies limits; all that is added here makes it earlier, or makes a run's
end certain. It leans on internals of Prefect 3.8, so the version is pinned and the tests run the real thing.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import anyio.abc
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.exceptions import InfrastructureNotFound
from prefect.runner._control_channel import ControlChannel
from prefect.settings import PREFECT_WORKER_QUERY_SECONDS
from prefect.states import AwaitingRetry, Cancelled
from prefect.workers.base import BaseJobConfiguration

from blocks.home import Home
from deployments.admission import PLACES, admitted
from deployments.catalog import CATALOG, RESUMABLE_TAG, WATCH_TAG, WORKER_TYPE, modules
from deployments.children import Child, Children, WarmResult, entrypoint_of
from deployments.concurrency import beside
from deployments.crash_recovery import may_restart, restart
from deployments.lean_worker import LeanWorker
from deployments.left_behind import crash_left_behind
from deployments.measures import show_worker
from deployments.state_watch import StateWatch
from deployments.storms import Storms
from deployments.waking import poll_when_woken

GRACE_SECONDS = 30.0
CANCEL_GRACE_SECONDS = 5.0  # a look may hang; killing the run is safe, and somebody waits for its end


class WarmWorker(LeanWorker):
    """Executes the runs of one work pool in children forked from a warm process.

    Args:
        work_pool_name: the pool to poll.
        home: where logs go; by default the one that `BACKOUT_HOME` names.
        imported: modules that are imported before the first run; by default those of the catalogue.
        descriptors: what the children inherit, to hold a shared server as long as they live.
        limit: how many children may live at once. One of them is kept for runs tagged `emergency`.
        options: those of Prefect's own workers.
    """

    type = WORKER_TYPE
    job_configuration = BaseJobConfiguration
    _description = "Executes Backout's runs in children of a process that has imported everything before."

    def __init__(
        self,
        work_pool_name: str,
        *,
        home: Home | None = None,
        imported: Sequence[str] | None = None,
        descriptors: Sequence[int] = (),
        limit: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(work_pool_name, (home or Home.from_env()).ensure(), **options)
        self._places = limit or PLACES
        self._children = Children(self._home, modules(CATALOG) if imported is None else imported, descriptors)
        self._storms = Storms(self._children, work_pool_name)
        self._channel = ControlChannel()
        self._acting: dict[UUID, Child] = {}
        self._cancelling: set[UUID] = set()
        self._handed_over: set[UUID] = set()
        self._watching: set[UUID] = set()
        self._draining = False
        self._wake = asyncio.Event()
        self._polling = asyncio.Lock()
        self._restarting = asyncio.Lock()
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def setup(self) -> None:
        """Start the zygote and the watches beside the stock loops."""
        await super().setup()
        await self._exit_stack.enter_async_context(self._children)
        await self._exit_stack.enter_async_context(self._channel)
        watch = StateWatch(self._acting.keys, self._wake.set, self._on_cancelling, self._on_crashed)
        show_worker(lambda: len(self._acting), lambda: self._children.is_ready)
        patrol = watch.patrol(self.client, PREFECT_WORKER_QUERY_SECONDS.value())
        left = crash_left_behind(
            self._children.marks, self.client, self._acting.keys, self._propose_crashed_state
        )
        early_polls = poll_when_woken(self._wake, self.get_and_submit_flow_runs)
        services = (watch.listen(), patrol, left, early_polls, self._storms.lead())
        await self._exit_stack.enter_async_context(beside(*services))

    async def ready(self) -> None:
        """Wait until a run would start at once."""
        await self._children.ready()

    async def drain(self, limit_seconds: float) -> None:
        """Take no new runs and let the acting ones end. What still acts at the limit is handed to the next worker."""
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_seconds):
                await self._storms.end()
                await self._all_ended()
        await asyncio.gather(*(self._hand_over(run, child) for run, child in list(self._acting.items())))
        await self._all_ended()

    async def _all_ended(self) -> None:
        """Until nothing acts. A watch is handed over at once, also one that was being started when the drain began."""
        while self._acting or self._submitting_flow_run_ids:
            begun = self._watching - self._handed_over
            watches = [(run, child) for run, child in self._acting.items() if run in begun]
            await asyncio.gather(*(self._hand_over(run, child) for run, child in watches))
            await asyncio.sleep(0.1)

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """As the stock worker, but none while draining, and never two at a time."""
        async with self._polling:
            return [] if self._draining else await super().get_and_submit_flow_runs()

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[Any] | None = None,
    ) -> WarmResult:
        """Execute one run in a child and wait for its end. One that is resumed before its last child ended waits its turn."""
        async with self._turns.setdefault(flow_run.id, asyncio.Lock()):
            result = await self._run_in_child(flow_run, configuration, task_status)
            return self.labelled(flow_run.id, result)

    async def _run_in_child(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[Any] | None,
    ) -> WarmResult:
        port, token = self._channel.register(flow_run.id)
        control = {"PREFECT__CONTROL_PORT": str(port), "PREFECT__CONTROL_TOKEN": token}
        env = {name: value for name, value in configuration.env.items() if value is not None}
        run, acts, entrypoint = str(flow_run.id), WATCH_TAG not in flow_run.tags, entrypoint_of(configuration)
        if flow_run.parameters.get("detection"):
            await self._storms.over()
        child = await self._children.fork(run, entrypoint, env | control, users_wait=acts)
        self._acting[flow_run.id] = child
        try:
            if task_status is not None:
                task_status.started(str(child.pid))
            await child.ended.wait()
            return WarmResult(identifier=str(child.pid), status_code=await self._verdict(flow_run.id, child))
        finally:
            self._channel.unregister(flow_run.id)
            del self._acting[flow_run.id]
            self._children.marks.forget(flow_run.id)
            self._cancelling.discard(flow_run.id)
            self._watching.discard(flow_run.id)
            self._wake.set()  # a place is free

    async def kill_infrastructure(
        self,
        infrastructure_pid: str,
        configuration: BaseJobConfiguration,  # noqa: ARG002 - the stock worker passes it
        grace_seconds: int = 30,  # noqa: ARG002 - the same
    ) -> None:
        """End the process of a run that is being cancelled. Raises `InfrastructureNotFound` where it is not ours."""
        for flow_run_id, child in list(self._acting.items()):
            if str(child.pid) == infrastructure_pid:
                await self._cancel(flow_run_id, child)
                return
        raise InfrastructureNotFound(f"process {infrastructure_pid} is not a child of this worker")

    async def _submit_scheduled_flow_runs(
        self, flow_run_response: list[WorkerFlowRunResponse]
    ) -> list[FlowRun]:
        """As the stock worker, but only what there is a place for."""
        taken = self._acting.keys() | self._submitting_flow_run_ids
        watching = len(taken & self._watching)
        waiting = self._not_begun(flow_run_response)
        fit = admitted(waiting, acting=len(taken) - watching, watching=watching, places=self._places)
        self._hurry_if_short(waiting, fit)
        self._watching |= {run.id for run in fit if WATCH_TAG in run.tags}
        entries = [entry for entry in flow_run_response if any(entry.flow_run is run for run in fit)]
        return await super()._submit_scheduled_flow_runs(entries)

    async def _verdict(self, flow_run_id: UUID, child: Child) -> int:
        """The exit code to report: 0 wherever the run's state is decided, so that nobody takes its end for a crash."""
        cancelled = flow_run_id in self._cancelling
        if flow_run_id in self._handed_over or (child.status == 0 and not cancelled):
            return 0
        state = (await self.client.read_flow_run(flow_run_id)).state
        if state is not None and (state.is_final() or state.is_paused() or state.is_scheduled()):
            return 0
        if cancelled or (state is not None and state.is_cancelling()):
            # The engine in the child sets this itself, unless it was killed or had not begun.
            by_us: State[None] = Cancelled(message="Cancelled; its process was stopped.")
            await self.client.set_flow_run_state(flow_run_id, by_us, force=True)
            return 0
        return 1 if child.status is None else child.status

    async def _cancel(self, flow_run_id: UUID, child: Child) -> None:
        if flow_run_id in self._cancelling:
            await child.ended.wait()
            return
        self._cancelling.add(flow_run_id)
        await self._channel.signal(flow_run_id, "cancel")
        await child.stop(CANCEL_GRACE_SECONDS)

    async def _hand_over(self, flow_run_id: UUID, child: Child) -> None:
        """Stop a run that does not end, and leave it scheduled for the next worker where that is safe."""
        self._handed_over.add(flow_run_id)
        await self._channel.signal(flow_run_id, "reschedule")
        await child.stop(GRACE_SECONDS)
        flow_run = await self.client.read_flow_run(flow_run_id)
        if flow_run.state is None or flow_run.state.is_final() or flow_run.state.is_paused():
            return
        if RESUMABLE_TAG in flow_run.tags:
            await self.client.set_flow_run_state(
                flow_run_id, AwaitingRetry(message="Handed over."), force=True
            )
        else:
            await self._propose_crashed_state(flow_run, "The worker stopped before the run ended.")

    async def _propose_crashed_state(
        self, flow_run: FlowRun, message: str, client: PrefectClient | None = None
    ) -> None:
        await super()._propose_crashed_state(flow_run, message, client)
        await self._on_crashed(flow_run.id)

    async def _on_crashed(self, flow_run_id: UUID) -> None:
        """Start a crashed run of this pool again, after its process is gone."""
        child = self._acting.get(flow_run_id)
        if child is not None:
            await child.ended.wait()
        async with self._restarting:
            flow_run = await self.client.read_flow_run(flow_run_id)
            if may_restart(flow_run) and flow_run.work_pool_name == self._work_pool_name:
                await restart(self.client, flow_run)

    async def _on_cancelling(self, flow_run_id: UUID) -> None:
        child = self._acting.get(flow_run_id)
        if child is not None:
            await self._cancel(flow_run_id, child)
