"""Hears of the runs' state changes as they happen, and finds by polling what was said while nobody listened."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events import Event
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.logging import get_logger

from deployments.crash_recovery import may_restart

RESOURCE = "prefect.flow-run."
STARTS = ("Scheduled", "Resuming", "AwaitingRetry", "Late")
WATCHED = [f"{RESOURCE}{state}" for state in (*STARTS, "Cancelling", "Crashed")]
RECONNECT_SECONDS = 2.0
CRASH_AGE = timedelta(hours=1)
"""A crash that nobody handled for longer belongs to an incident that people have ended by hand."""


@dataclass
class StateWatch:
    """Calls back for runs that can start, that a person cancels, and that crashed.

    Attributes:
        acting: the runs that have a process of ours now.
        on_start: some run can start.
        on_cancelling: this run of ours, or of somebody else, is to be cancelled.
        on_crashed: this run of some pool has crashed.
    """

    acting: Callable[[], Collection[UUID]]
    on_start: Callable[[], None]
    on_cancelling: Callable[[UUID], Awaitable[None]]
    on_crashed: Callable[[UUID], Awaitable[None]]
    _logger: logging.Logger = field(default_factory=lambda: get_logger("backout.state_watch"))

    async def listen(self) -> None:
        """Follow the events for ever; a lost connection is made again."""
        names = EventFilter(event=EventNameFilter(name=WATCHED))
        while True:
            try:
                async with get_events_subscriber(filter=names) as events, asyncio.TaskGroup() as acts:
                    self.on_start()  # what was scheduled while nobody listened
                    async for event in events:
                        self._act_on(event, acts)
            except Exception:
                self._logger.warning("events are not received; polling goes on", exc_info=True)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def patrol(self, client: PrefectClient, every_seconds: float) -> None:
        """Look for what the events did not tell, for ever."""
        while True:
            try:
                await self._look(client)
            except Exception:
                self._logger.warning("a patrol failed; the next one follows", exc_info=True)
            await asyncio.sleep(every_seconds)

    def _act_on(self, event: Event, acts: asyncio.TaskGroup) -> None:
        flow_run_id = UUID(event.resource.id.removeprefix(RESOURCE))
        if event.event.endswith(".Crashed"):
            acts.create_task(self._tried(self.on_crashed, flow_run_id))
        elif event.event.endswith(".Cancelling"):
            acts.create_task(self._tried(self.on_cancelling, flow_run_id))
        else:
            self.on_start()

    async def _look(self, client: PrefectClient) -> None:
        ids = list(self.acting())
        if ids:
            cancelled = await _runs_in(client, StateType.CANCELLING, FlowRunFilterId(any_=ids))
            await asyncio.gather(*(self._tried(self.on_cancelling, flow_run.id) for flow_run in cancelled))
        for flow_run in await _runs_in(client, StateType.CRASHED):
            if may_restart(flow_run) and _is_recent(flow_run):
                await self._tried(self.on_crashed, flow_run.id)

    async def _tried(self, act: Callable[[UUID], Awaitable[None]], flow_run_id: UUID) -> None:
        try:
            await act(flow_run_id)
        except Exception:
            self._logger.warning(
                "could not act on run %s; the next patrol tries again", flow_run_id, exc_info=True
            )


async def _runs_in(
    client: PrefectClient, state: StateType, ids: FlowRunFilterId | None = None
) -> list[FlowRun]:
    in_state = FlowRunFilterState(type=FlowRunFilterStateType(any_=[state]))
    return await client.read_flow_runs(flow_run_filter=FlowRunFilter(id=ids, state=in_state))


def _is_recent(flow_run: FlowRun) -> bool:
    return flow_run.state is not None and flow_run.state.timestamp > datetime.now(UTC) - CRASH_AGE
