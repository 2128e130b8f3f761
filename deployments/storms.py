"""Many starts at the same moment: from how many on their acts go ahead of Prefect, and what waits for them meanwhile."""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from prefect.logging import get_logger

from deployments.children import Children
from deployments.events import LABEL_REACTION
from deployments.going_ahead import Going
from deployments.prospects import Start
from domain.reaction import Reaction

STORM = 3
"""So many starts at once are a storm: more than have a processor each."""

RECENT_S = 2.0
"""Starts within so many seconds are at once."""

KNOWN = 500
"""How many of the newest starts are remembered: an event that could not be told is told again."""

PROCESSES = 4
"""How many may go ahead beside each other; what comes while they are busy waits for one of them, or begins in Prefect."""

OTHERS_S = 20.0
"""Seconds that a run which Prefect begins waits for the acts that go ahead: of its own application, and of others."""


class Starts:
    """The starts that this process told Prefect of, or is about to; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, float] = OrderedDict()
        self._recent: list[tuple[float, Start]] = []
        self._due: list[Start] = []
        self._acting = 0
        self._wake: Callable[[], object] | None = None

    def heard_by(self, wake: Callable[[], object] | None) -> None:
        """Call this whenever starts are due to go ahead; None: nobody is there to let them."""
        with self._lock:
            self._wake, self._recent, self._due = wake, [], []

    def told(self, events: Iterable[Mapping[str, Any]]) -> bool:
        """Prefect is to be told these events. Whether they had better wait until `is_over()`: some of them go ahead now.

        An event that is told again does not go ahead again.
        """
        now = time.monotonic()
        found = [start for start in map(start_of, events) if start is not None]
        with self._lock:
            new = [start for start in found if start.detection not in self._known]
            self._remember(new, now)
            if not new or self._wake is None or not self._is_storm(now):
                return False
            self._due += [start for _, start in self._recent]
            self._recent.clear()
            self._wake()
            return True

    def _remember(self, new: Sequence[Start], now: float) -> None:
        self._known.update((start.detection, now) for start in new)
        while len(self._known) > KNOWN:
            self._known.popitem(last=False)
        self._recent = [(when, start) for when, start in self._recent if when > now - RECENT_S]
        self._recent += [(now, start) for start in new]

    def _is_storm(self, now: float) -> bool:
        return sum(when > now - RECENT_S for when in self._known.values()) >= STORM

    def are_due(self) -> bool:
        """Whether any are to go ahead."""
        with self._lock:
            return bool(self._due)

    def is_over(self) -> bool:
        """Whether nothing is due to go ahead, or acts."""
        with self._lock:
            return not self._due and not self._acting

    @contextmanager
    def going(self) -> Iterator[list[Start]]:
        """The starts that are due; in the block they act."""
        with self._lock:
            due, self._due = self._due, []
            self._acting += 1
        try:
            yield due
        finally:
            with self._lock:
                self._acting -= 1
                wake = self._wake
            if wake is not None:
                wake()


STARTS = Starts()
"""Those of this process: alerts are handed on, and triggers fire, in the process of the worker that acts on them."""


def start_of(event: Mapping[str, Any]) -> Start | None:
    """What the event starts without asking anybody; None where it starts nothing so."""
    about, payload = event.get("resource", {}), event.get("payload", {})
    if about.get(LABEL_REACTION) != Reaction.START or not payload.get("detection"):
        return None
    said = {name: value for name, value in payload.items() if isinstance(value, str)}
    return Start(said["application"], said["runbook"], said)


class Storms:
    """Forks a process for each storm, in which the acts of its starts go ahead.

    Args:
        children: forks it.
        pool: the work pool whose runs are executed here: starts of others are not for this host.
        starts: where they are heard of.
    """

    def __init__(self, children: Children, pool: str, starts: Starts = STARTS) -> None:
        self._children = children
        self._pool = pool
        self._starts = starts
        self._going: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    async def lead(self) -> None:
        """Let storms go ahead, until cancelled."""
        loop = asyncio.get_running_loop()
        self._starts.heard_by(lambda: loop.call_soon_threadsafe(self._wake.set))
        try:
            async with asyncio.TaskGroup() as processes:
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    if len(self._going) < PROCESSES and self._starts.are_due():
                        task = processes.create_task(self._go())
                        self._going.add(task)
                        task.add_done_callback(self._going.discard)
        finally:
            self._starts.heard_by(None)

    async def over(self, at_most_s: float = OTHERS_S) -> None:
        """Wait until nothing goes ahead, for so many seconds at most."""
        if self._going:
            await asyncio.wait(set(self._going), timeout=at_most_s)

    async def end(self) -> None:
        """Let no more go ahead, and wait for those that do."""
        self._starts.heard_by(None)
        await self.over()

    async def _go(self) -> None:
        """Whatever becomes of it: Prefect begins all of the runs, and they do what is not done yet."""
        with self._starts.going() as due:
            logger, run = get_logger("backout.storms"), uuid4()
            log = self._children.log_of(str(run))
            logger.info("%d starts at once: their acts go ahead of Prefect, see %s", len(due), log)
            try:
                child = await self._children.fork(str(run), "", {}, ahead=Going(self._pool, tuple(due)))
                await child.ended.wait()
            except Exception:
                logger.warning("nothing goes ahead: Prefect begins the runs", exc_info=True)
            finally:
                self._children.marks.forget(run)
