"""`container:NAME`, `container:PROJECT/SERVICE` of Compose, either with `:/FOLDER`, the disk that is filled."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import ClassVar

from domain.errors import CommandFailed, ConfigurationError
from examples.faults.contract import Fault, Target
from examples.faults.disk import MOST_MIB, Disk
from examples.faults.engine import Engine
from examples.faults.switch import OFF, PLACE, SWITCHED, asked, asking_for

AGAIN_SECONDS = 1.0
"""Between the end of a container and its next start, as the engine's own restarts begin."""

_STOP_SECONDS = "3"


class Container(Target):
    """One container. What is not the release's own switch is marked by a file in the container: undoing looks for it."""

    kind: ClassVar[str] = "container"
    faults: ClassVar[Mapping[Fault, str]] = {
        **SWITCHED,
        Fault.CRASH_LOOP: "it is killed, and again after each start",
        Fault.DEAD_DEPENDENCY: "it is stopped: who needs it gets no answer",
        Fault.PAUSED: "its processes are frozen: connections are taken, and nothing answers",
        Fault.FULL_DISK: f"the folder's disk is filled; one with more than {MOST_MIB} MiB free is refused",
    }

    def __init__(self, place: str) -> None:
        super().__init__(place)
        name, _, self._folder = place.partition(":")
        self._engine = Engine(name)

    @contextmanager
    def inject(self, fault: Fault, until: float) -> Iterator[None]:
        """Turn the switch; or mark the container, and break it."""
        state = self._engine.state()
        if state is None or not state["Running"]:
            raise ConfigurationError("command line", "TARGET", f"no container {self._engine.said} runs")
        if fault in SWITCHED:
            self._engine.write(PLACE, asking_for(fault, until))
            yield
            return
        if fault is Fault.FULL_DISK:
            self._disk().room()
        self._engine.write(_mark(fault), asking_for(fault, until))
        if fault is Fault.CRASH_LOOP:
            with self._killed_again_and_again():
                yield
            return
        self._break(fault)
        yield

    def undo(self, fault: Fault) -> None:
        """Turn the switch off; thaw it, start it, remove what fills its disk, where we broke it."""
        place = PLACE if fault in SWITCHED else _mark(fault)
        state = self._engine.state()
        if state is None or asked(self._engine.read(place)) != fault:
            return
        if fault is Fault.PAUSED:
            self._thaw(paused=state["Paused"])
        elif fault is Fault.FULL_DISK:
            self._disk(running=state["Running"]).empty()
        elif fault not in SWITCHED:
            self._engine.act("start")
        self._engine.write(place, OFF)

    def _break(self, fault: Fault) -> None:
        if fault is Fault.PAUSED:
            self._engine.act("pause")
        elif fault is Fault.DEAD_DEPENDENCY:
            self._engine.act("stop", "--time", _STOP_SECONDS)
        else:
            self._disk().fill()

    @contextmanager
    def _killed_again_and_again(self) -> Iterator[None]:
        """The engine starts none again that was killed by hand, so we do."""
        over = threading.Event()
        self._engine.act("kill")
        thread = threading.Thread(target=self._loop, args=(over,), name="crash-loop", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _loop(self, over: threading.Event) -> None:
        while not over.wait(AGAIN_SECONDS):
            # A deployment may remove it, or start it itself.
            with suppress(CommandFailed):
                self._engine.act("start")
                self._engine.act("kill")

    def _thaw(self, *, paused: bool) -> None:
        if paused:
            self._engine.act("unpause")

    def _disk(self, *, running: bool = True) -> Disk:
        return Disk(self._folder, self._engine.run if running else self._engine.run_beside)


def _mark(fault: Fault) -> str:
    return f"/tmp/backout-{fault}.json"  # noqa: S108 - in the container
