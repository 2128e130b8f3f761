import os
import signal
import sys
from pathlib import Path

import pytest

from blocks import process
from domain.errors import CommandFailed
from tests.blocks.waiting import wait_until

SLEEP = ["sleep", "600"]
PATH = {"PATH": os.environ["PATH"]}


def start(tmp_path: Path, *argv: str, mark: str = "") -> process.Process:
    environment = {**PATH, **dict([mark.split("=")] if mark else [])}
    return process.start(list(argv) or SLEEP, cwd=tmp_path, env=environment, log=tmp_path / "log")


def test_a_process_is_known_until_it_ends(tmp_path: Path) -> None:
    started = start(tmp_path)
    assert process.find(started.pid) == started
    assert process.is_alive(started)
    process.stop(started, "MARK=none", 5)
    assert not process.is_alive(started)
    assert process.exit_code(started.pid) == -signal.SIGTERM


def test_a_pid_with_another_start_time_is_another_process(tmp_path: Path) -> None:
    started = start(tmp_path)
    earlier = process.Process(started.pid, started.started - 1, started.boot)
    other_boot = process.Process(started.pid, started.started, "another boot")
    for stranger in (earlier, other_boot):
        assert not process.is_alive(stranger)
        process.stop(stranger, "MARK=none", 5)
    assert process.is_alive(started)
    process.stop(started, "MARK=none", 5)


def test_it_has_a_session_of_its_own_and_writes_to_the_log(tmp_path: Path) -> None:
    program = "import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read())); sys.exit(3)"
    started = start(tmp_path, sys.executable, "-c", program)
    wait_until(lambda: not process.is_alive(started), "its end")
    assert process.exit_code(started.pid) == 3
    assert (tmp_path / "log").read_text() == "True ''\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    started = start(tmp_path, "sh", "-c", "sleep 600 & echo $!; wait")
    wait_until((tmp_path / "log").read_text, "the child's pid")
    child = int((tmp_path / "log").read_text())
    process.stop(started, "MARK=none", 5)
    assert process.find(child) is None


def test_the_mark_finds_what_left_the_session(tmp_path: Path) -> None:
    mark = f"MARK={tmp_path}"
    started = start(tmp_path, "sh", "-c", "setsid sleep 600 & echo $!", mark=mark)
    wait_until(lambda: not process.is_alive(started), "the parent's end")
    left = int((tmp_path / "log").read_text())
    assert process.find(left) is not None
    process.stop(started, mark, 5)
    assert process.find(left) is None


def test_stopping_nothing_is_nothing(tmp_path: Path) -> None:
    process.stop(None, f"MARK={tmp_path}", 5)


def test_what_cannot_be_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="no-such-program: ended with 127"):
        start(tmp_path, "no-such-program")


def test_what_a_process_and_its_children_use_is_counted(tmp_path: Path) -> None:
    child = "while True: sum(range(10**6))"
    leader = start(
        tmp_path,
        sys.executable,
        "-c",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])",
    )
    wait_until(lambda: (process.usage(leader).cpu_s or 0) > 0.5, "the child's CPU time")
    assert process.usage(leader).memory_mb > 5
    process.stop(leader, "MARK=none", 5)
