"""Marks of runs: whose process lives, and whose has ended with nobody there."""

import subprocess
from pathlib import Path
from uuid import uuid4

from blocks.home import Home
from deployments.left_behind import Marks


def test_a_run_is_left_behind_once_its_process_has_ended(tmp_path: Path) -> None:
    home = Home(tmp_path).ensure()
    run = uuid4()
    process = subprocess.Popen(["sleep", "60"])
    Marks(home).keep(run, process.pid)
    assert Marks(home).left_behind() == {}
    process.kill()
    process.wait()
    assert Marks(home).left_behind() == {run: str(process.pid)}
    Marks(home).forget(run)
    assert Marks(home).left_behind() == {}


def test_another_process_with_its_number_is_not_the_run(tmp_path: Path) -> None:
    home = Home(tmp_path).ensure()
    run = uuid4()
    with subprocess.Popen(["sleep", "60"]) as process:
        Marks(home).keep(run, process.pid)
        (home.state / "runs" / str(run)).write_text(f"{process.pid} 1")
        assert Marks(home).left_behind() == {run: str(process.pid)}
        process.kill()


def test_a_mark_that_was_cut_is_one_of_a_run_that_ended(tmp_path: Path) -> None:
    home = Home(tmp_path).ensure()
    run = uuid4()
    Marks(home).keep(run, 1)
    (home.state / "runs" / str(run)).write_text("")
    assert Marks(home).left_behind() == {run: ""}


def test_where_nothing_can_be_written_the_run_starts(tmp_path: Path) -> None:
    home = Home(tmp_path).ensure()
    (home.state / "runs").write_text("in the way")
    Marks(home).keep(uuid4(), 1)
    assert Marks(home).left_behind() == {}
