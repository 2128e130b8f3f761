"""The `logfile` channel on real files."""

import fcntl
import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.adapter import adapter_class
from blocks.channels.logfile import Logfile
from domain.errors import Unreachable
from tests.blocks.channels.contract import ChannelContract, message

FULL_DISK = "/dev/full"


def logfile(path: Path | str, **settings: Any) -> Logfile:
    made = adapter_class("channels", "logfile").model_validate(
        {"kind": "logfile", "path": str(path), **settings}
    )
    assert isinstance(made, Logfile)
    return made


class TestLogfile(ChannelContract):
    @pytest.fixture(params=["json", "text"])
    def channel(self, tmp_path: Path, request: pytest.FixtureRequest) -> Logfile:
        return logfile(tmp_path / "messages.log", layout=request.param)

    @pytest.fixture
    def unreachable(self, tmp_path: Path) -> Logfile:
        (tmp_path / "file").write_text("")
        return logfile(tmp_path / "file" / "messages.log")

    @pytest.fixture
    def said(self, tmp_path: Path) -> Callable[[], list[str]]:
        log = tmp_path / "messages.log"
        return lambda: log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def test_a_line_is_a_json_object(tmp_path: Path) -> None:
    assert logfile(tmp_path / "log").send(message(head="abc"), None) is None
    line = json.loads((tmp_path / "log").read_text())
    assert (line["title"], line["severity"], line["head"]) == ("Rolling back", "critical", "abc")
    assert line["at"].endswith("+00:00")


def test_a_readable_line_stays_one_line(tmp_path: Path) -> None:
    logfile(tmp_path / "log", layout="text").send(message(text="a\nforged | line\x1b[2J"), None)
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.endswith("| critical | shop/production | inc-1 | Rolling back | a forged | line [2J")


def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    logfile(tmp_path / "new" / "log").send(message(), None)
    assert stat.S_IMODE((tmp_path / "new" / "log").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_lines_written_at_once_stay_whole(tmp_path: Path) -> None:
    channel = logfile(tmp_path / "log")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: channel.send(message(f"m{number}", "x" * 5000), None), range(40)))
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(line["title"] for line in lines) == sorted(f"m{number}" for number in range(40))


def test_half_a_line_is_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = logfile(tmp_path / "log")
    channel.send(message("first"), None)
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, line: real(descriptor, line[:10]))
    with pytest.raises(Unreachable, match="No space left"):
        channel.send(message("second"), None)
    monkeypatch.undo()
    channel.send(message("third"), None)
    titles = [json.loads(line)["title"] for line in (tmp_path / "log").read_text().splitlines()]
    assert titles == ["first", "third"]


def test_a_pipe_is_not_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unreachable):
        logfile(tmp_path / "pipe").send(message(), None)
    with pytest.raises(Unreachable, match="not a regular file"):
        logfile(FULL_DISK).send(message(), None)


def test_a_lock_that_another_process_keeps_does_not_hold_the_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blocks.channels.logfile.TOTAL_S", 0.1)
    with (tmp_path / "log").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Unreachable, match="took more than"):
            logfile(tmp_path / "log").send(message(), None)


def test_a_relative_path_is_refused() -> None:
    with pytest.raises(ValidationError, match="not an absolute path"):
        logfile("messages.log")


def test_the_tilde_is_this_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert logfile("~/log").path == tmp_path / "log"
