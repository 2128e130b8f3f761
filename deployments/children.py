"""The worker's side of the zygote: it starts it, starts it again when it dies, and knows each child."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self
from uuid import UUID

from prefect.logging import get_logger
from prefect.workers.base import BaseJobConfiguration, BaseWorkerResult

from blocks.home import Home
from deployments.catalog import ROOT
from deployments.going_ahead import Going
from deployments.left_behind import Marks
from deployments.prefect_server import private_log
from deployments.warm_child import Order

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
FORK_SECONDS = 30.0
GONE_LOOK_SECONDS = 0.2


class WarmResult(BaseWorkerResult):
    """How a run's process ended; 0 where its run's state says all there is to say."""


@dataclass
class Child:
    """The process of one run. `status` is its exit code, a negative signal, or none where nobody saw it end."""

    run: str
    pid: int
    status: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop(self, grace_seconds: float) -> None:
        """SIGTERM, then SIGKILL if it still lives after the grace, and wait for its end."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_seconds):
                await self.ended.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self.ended.wait()

    def _signal(self, number: signal.Signals) -> None:
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Children:
    """Forks children of one warm zygote between `__aenter__` and `__aexit__`.

    Args:
        home: where the logs go.
        modules: what the zygote imports before the first run.
        descriptors: what the zygote and its children inherit, to hold a shared server as long as they live.
    """

    def __init__(self, home: Home, modules: Sequence[str], descriptors: Sequence[int] = ()) -> None:
        self.marks = Marks(home)
        self._home = home
        self._modules = list(modules)
        self._descriptors = tuple(descriptors)
        self._logger = get_logger("backout.children")
        self._ready = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._forking: dict[str, asyncio.Future[Child]] = {}
        self._living: dict[str, Child] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep_alive())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the zygote: it ends after its last child."""
        for task in (self._keeper, *self._watches):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def ready(self) -> None:
        """Wait until the zygote has imported everything."""
        await self._ready.wait()

    @property
    def is_ready(self) -> bool:
        """Whether a child would be forked at once."""
        return self._ready.is_set()

    async def fork(
        self,
        run: str,
        entrypoint: str,
        env: dict[str, str],
        *,
        users_wait: bool = True,
        ahead: Going | None = None,
    ) -> Child:
        """A child that executes this run; waits for the zygote where it is not warm yet.

        Raises `ConnectionError` where the zygote died, `TimeoutError` where it does not fork: the run has crashed then.
        """
        await self._ready.wait()
        if self._writer is None:
            raise ConnectionError("the zygote died in this moment")
        order = Order(run, entrypoint, env, str(self.log_of(run)), users_wait, ahead)
        forked: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._forking[run] = forked
        self._writer.write(json.dumps(asdict(order)).encode() + b"\n")
        return await asyncio.wait_for(forked, FORK_SECONDS)

    def log_of(self, run: str) -> Path:
        """Where the output of this run's process goes."""
        return self._home.logs / f"run-{run}.log"

    async def _keep_alive(self) -> None:
        """Start the zygote, and again with a growing pause each time it ends."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                lived = await self._one_life()
            except Exception:
                self._logger.exception("listening to the zygote failed")
                lived = False
            if lived:
                pause = FIRST_PAUSE_SECONDS
            self._logger.warning("the zygote ended; starting it again in %.1f s", pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _one_life(self) -> bool:
        """Start a zygote and listen to it until it ends; whether it ever was ready."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = self._start(theirs)
        reader, self._writer = await asyncio.open_connection(sock=ours)
        try:
            await self._listen(reader)
            return self._ready.is_set()
        finally:
            self._ready.clear()
            self._writer.close()
            self._lose_all()
            if not self._living:
                await asyncio.to_thread(process.wait)

    def _start(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        with private_log(self._home.logs / "zygote.log") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "deployments.zygote", str(theirs.fileno()), *self._modules],
                # numpy's threads would be there at the fork, and a run needs none of them.
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(theirs.fileno(), *self._descriptors),
                start_new_session=True,
            )

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            message = json.loads(line)
            if "ready" in message:
                self._ready.set()
            elif "pid" in message:
                self._born(Child(run=message["run"], pid=message["pid"]))
            else:
                self._died(self._living[message["run"]], message["status"])

    def _born(self, child: Child) -> None:
        self._living[child.run] = child
        self.marks.keep(UUID(child.run), child.pid)
        forked = self._forking.pop(child.run)
        if not forked.done():
            forked.set_result(child)

    def _died(self, child: Child, status: int | None) -> None:
        del self._living[child.run]
        child.status = status
        child.ended.set()

    def _lose_all(self) -> None:
        """The zygote is gone: what it should still fork fails, what it forked is watched from here."""
        for forked in self._forking.values():
            if not forked.done():
                forked.set_exception(ConnectionError("the zygote died before it forked"))
        self._forking.clear()
        for child in list(self._living.values()):
            watch = asyncio.create_task(self._wait_gone(child))
            self._watches.add(watch)
            watch.add_done_callback(self._watches.discard)

    async def _wait_gone(self, child: Child) -> None:
        """A child whose parent died belongs to init, which reaps it; how it ended, only its run can tell."""
        while _is_alive(child.pid):  # noqa: ASYNC110 - nobody is told when somebody else's child ends
            await asyncio.sleep(GONE_LOOK_SECONDS)
        self._died(child, None)


def _is_alive(pid: int) -> bool:
    """Whether it still runs. In a container nobody may reap it: what is left of it then is a zombie, and has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def entrypoint_of(configuration: BaseJobConfiguration) -> str:
    """The flow that a run's deployment names; empty where it names none."""
    deployment = configuration._related_objects.get("deployment")  # noqa: SLF001 - there is no public way to it
    return (deployment.entrypoint if deployment is not None else None) or ""
