"""`container:NAME`, `container:PROJECT/SERVICE` of Compose, either with `:/FOLDER`, the disk that is filled."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import ClassVar

from domain.errors import CommandFailed, ConfigurationError
from examples.faults.contract import Fault, Target
from examples.faults.engine import Engine
from examples.faults.switch import OFF, PLACE, SWITCHED, asked, asking_for

AGAIN_SECONDS = 1.0
"""Between the end of a container and its next start, as the engine's own restarts begin."""

MOST_MIB = 64
"""A larger disk is not filled: it may be shared with others."""

_STOP_SECONDS = "3"
_FILLER = ".backout-fault"
_BLOCK_KIB = 64


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
        blocks = self._blocks() if fault is Fault.FULL_DISK else 0
        self._engine.write(_mark(fault), asking_for(fault, until))
        if fault is Fault.CRASH_LOOP:
            with self._killed_again_and_again():
                yield
            return
        self._break(fault, blocks)
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
            self._empty(running=state["Running"])
        elif fault not in SWITCHED:
            self._engine.act("start")
        self._engine.write(place, OFF)

    def _break(self, fault: Fault, blocks: int) -> None:
        if fault is Fault.PAUSED:
            self._engine.act("pause")
        elif fault is Fault.DEAD_DEPENDENCY:
            self._engine.act("stop", "--time", _STOP_SECONDS)
        else:
            self._fill(blocks)

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

    def _blocks(self) -> int:
        """How many blocks fill the folder's disk, and one more. Raises ConfigurationError where that is a large one."""
        if not self._folder.startswith("/"):
            raise ConfigurationError(
                "command line", "TARGET", "names no folder: write container:NAME:/FOLDER"
            )
        free_kib = int(self._engine.run("df", "-Pk", self._folder).splitlines()[-1].split()[3])
        if free_kib > MOST_MIB * 1024:
            problem = (
                f"{self._folder} has {free_kib // 1024} MiB free, more than {MOST_MIB}: it is not filled"
            )
            raise ConfigurationError("command line", "TARGET", problem)
        return free_kib // _BLOCK_KIB + 2

    def _fill(self, blocks: int) -> None:
        with suppress(CommandFailed):  # dd ends with an error when the disk is full
            self._engine.run(
                "dd", "if=/dev/zero", f"of={self._filler}", f"bs={_BLOCK_KIB}k", f"count={blocks}"
            )

    def _empty(self, *, running: bool) -> None:
        if running:
            self._engine.run("rm", "-f", self._filler)
        else:
            self._engine.run_beside("rm", "-f", self._filler)

    @property
    def _filler(self) -> str:
        return f"{self._folder.rstrip('/')}/{_FILLER}"


def _mark(fault: Fault) -> str:
    return f"/tmp/backout-{fault}.json"  # noqa: S108 - in the container
