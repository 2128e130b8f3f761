"""A run in a process of its own that is killed, as by `kill -9`, at a point of its path."""

import os
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from blocks import process
from blocks.evidence import Evidence
from blocks.migration_steps.step_run import StepRun
from blocks.platforms.processes import Processes
from blocks.postgres import swap, writes, written_since
from blocks.postgres.changes import PostgresChanges
from blocks.postgres.dump import Dump
from blocks.postgres.load import Load
from blocks.routers import caddy_file, caddy_files
from blocks.store import Store
from flows.conclude import Path as RunbookPath
from tasks import act, prepare, report, verify
from tests.flows.stage import Scene
from tests.forked import KILLED, exit_code

NOTHING = "nothing"
PATIENCE_S = 0.15
"""Between two looks at an application whose pool has to connect again."""
ACTS_THEMSELVES = ("act started", "act done", "act failed")
CHANGES = ("keep_plan", "served", "quarantine", "reported", "post", "close")
DATABASE_ACTS = ("rehearse", "back_up", "beside", "down", "up", "swap", "swap_back", "export", "discard")
Passed = Callable[[str], None]


class Points:
    """Passed points, one a line of a file; the process dies at the one it is to die at."""

    def __init__(self, file: Path, deadly: str) -> None:
        self.file = file
        self.deadly = deadly
        self.times: dict[str, int] = {}

    def passed(self, point: str) -> None:
        """Points that are passed again are numbered: `after post`, `after post 2`."""
        self.times[point] = self.times.get(point, 0) + 1
        name = point if self.times[point] == 1 else f"{point} {self.times[point]}"
        with self.file.open("a") as file:
            file.write(name + "\n")
        if name == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def _around(passed: Passed, name: Callable[..., str], function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        said = name(*args, **kwargs)
        if not said:
            return function(*args, **kwargs)
        passed(f"before {said}")
        result = function(*args, **kwargs)
        passed(f"after {said}")
        return result

    return watched


def watch(patch: pytest.MonkeyPatch, passed: Passed) -> None:
    """Make every step of a path pass points, before and after."""

    def around(owner: Any, method: str, name: Callable[..., str]) -> None:
        patch.setattr(owner, method, _around(passed, name, getattr(owner, method)))

    around(
        Store,
        "append",
        lambda _self, _incident, kind, _data: "" if kind in ACTS_THEMSELVES else f"note {kind}",
    )
    for change in CHANGES:
        around(Store, change, lambda *_args, change=change: change)
    around(Evidence, "keep", lambda _self, name, _content: f"keep {name}")
    around(Processes, "prepare", lambda *_args: "look at the target")
    around(caddy_file, "replace_file", lambda *_args: "rename")
    around(caddy_files, "lay_out", lambda *_args: "share out")
    around(process, "start", lambda *_args, **_more: "start the program")
    done_once = act._done_once

    def once(case: Any, name: str, turn: act.Turn, do: Callable[[], Any]) -> Any:
        return done_once(case, name, turn, _around(passed, lambda: name, do))

    patch.setattr(act, "_done_once", once)
    patch.setattr(verify, "PAUSE_S", 0.01)
    patch.setattr(report, "svg", lambda _facts: b"<svg/>")  # it costs more than all the rest


def watch_database(patch: pytest.MonkeyPatch, passed: Passed) -> None:
    """The same for what is done to the application's database, and for the inside of it."""
    for method in DATABASE_ACTS:
        name = method.replace("_", " ")
        around = _around(
            passed, lambda *_args, name=name, **_more: f"database {name}", getattr(PostgresChanges, method)
        )
        patch.setattr(PostgresChanges, method, around)
    inside: list[tuple[Any, str, str]] = [
        (Dump, "write", "dump"), (Load, "run", "load"), (StepRun, "run", "step"), (swap, "_rename", "rename database"),
        (swap, "stop", "close doors"),
        (written_since, "_exported", "rows of a table"), (writes, "stop", "stop writes"), (writes, "resume", "resume writes"),
    ]  # fmt: skip
    for owner, function, name in inside:
        watched = _around(passed, lambda *_args, name=name, **_more: name, getattr(owner, function))
        patch.setattr(owner, function, watched)
    patch.setattr(verify, "PAUSE_S", PATIENCE_S)
    patch.setattr(prepare, "PAUSE_S", PATIENCE_S)


def _run(scene: Scene, path: RunbookPath, run: str, file: Path, deadly: str, puts_off: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        passed = Points(file, deadly).passed
        watch(patch, passed)
        if scene.document.database:
            watch_database(patch, passed)
        scene.walk(path, run, puts_off=puts_off)


class Runs:
    """Runs on one scene, and the points they passed. `puts_off`: each is followed by its linked watch's first acts."""

    def __init__(self, scene: Scene, path: RunbookPath, folder: Path, *, puts_off: bool = False) -> None:
        self.puts_off = puts_off
        self.scene = scene
        self.path = path
        self.file = folder / "points"

    def start(self, run: str = "first", dies_at: str = NOTHING) -> None:
        """A whole run, or one up to the point where it is killed. A second run comes when the lease of the first is over."""
        if run != "first":
            self.scene.holder_died()
        arguments = (self.scene, self.path, run, self.file, dies_at, self.puts_off)
        how = exit_code(lambda: _run(*arguments))
        assert how == (0 if dies_at == NOTHING else KILLED), self.points()

    def points(self) -> list[str]:
        return self.file.read_text().splitlines()

    def renames(self) -> int:
        """How often traffic was moved."""
        return sum(point.startswith("after rename") for point in self.points())
