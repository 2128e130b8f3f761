"""Runs whose process died together with its worker: nobody saw their end, and before its first heartbeat nobody misses one."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger
from prefect.settings import PREFECT_WORKER_QUERY_SECONDS

from blocks.home import Home, close_to_others

STARTED = 19
"""Where /proc/PID/stat says when the process was started, counted after its name: another one may have its number by now."""


class Marks:
    """A file for each run that has a process of this host, from its start until its worker saw its end."""

    def __init__(self, home: Home) -> None:
        self._folder = home.state / "runs"

    def keep(self, run: UUID, pid: int) -> None:
        """The run has this process. What cannot be written keeps no run from starting."""
        with suppress(OSError):
            if not self._folder.exists():
                self._folder.mkdir(mode=0o700)
                close_to_others(self._folder)
            (self._folder / str(run)).write_text(_mark(pid) or f"{pid} ended")

    def forget(self, run: UUID) -> None:
        """The run's end was seen."""
        with suppress(OSError):
            (self._folder / str(run)).unlink(missing_ok=True)

    def left_behind(self) -> dict[UUID, str]:
        """Runs whose process has ended, and its number; nobody saw it where no worker of this host still has them."""
        found: dict[UUID, str] = {}
        for file in self._folder.glob("*-*"):
            with suppress(OSError, ValueError):
                mark = file.read_text()
                pid = mark.split()[0] if mark.strip() else ""
                if not pid or _mark(int(pid)) != mark:
                    found[UUID(file.name)] = pid
        return found


async def crash_left_behind(
    marks: Marks,
    client: PrefectClient,
    acting: Callable[[], Collection[UUID]],
    crash: Callable[[FlowRun, str], Awaitable[None]],
) -> None:
    """Look again and again, for ever, for runs whose process died with the worker before, as at the end of their host.

    Args:
        marks: of this host.
        client: of Prefect's server.
        acting: the runs whose end this worker sees to.
        crash: makes the run Crashed, for this reason.
    """
    while True:
        for run, pid in marks.left_behind().items():
            if run in acting():
                continue
            try:
                await _crash(client, run, pid, crash)
                marks.forget(run)
            except Exception:  # noqa: BLE001 - Prefect may be away; the next look tries again
                get_logger("backout.left_behind").warning(
                    "could not see to run %s; tried again", run, exc_info=True
                )
        await asyncio.sleep(PREFECT_WORKER_QUERY_SECONDS.value())


async def _crash(
    client: PrefectClient, run: UUID, pid: str, crash: Callable[[FlowRun, str], Awaitable[None]]
) -> None:
    """Unless it has a state that says more, or another worker has it by now."""
    with suppress(ObjectNotFound):
        flow_run = await client.read_flow_run(run)
        of_this_host = flow_run.infrastructure_pid in (None, pid)
        state = flow_run.state
        if of_this_host and state is not None and (state.is_running() or state.is_pending()):
            await crash(flow_run, "Its process died together with its worker.")


def _mark(pid: int) -> str | None:
    """The process: its number, and when it was started; None where it has ended."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if said[0] == "Z" else f"{pid} {said[STARTED]}"
