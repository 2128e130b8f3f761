"""What `backout doctor` sees of slots that are processes, and what it mends."""

import os
import signal
import socket
from collections.abc import Callable
from typing import Any

import pytest

from blocks.fields import dial_of
from blocks.platforms.processes import Processes
from domain.errors import CommandFailed, UnknownRemedy
from tests.blocks.platforms.contract import SECRET, look
from tests.blocks.platforms.local_slots import is_up, pid_of
from tests.blocks.waiting import wait_until


def test_a_slot_that_runs_is_well_and_one_that_is_down_can_be_started(platform: Processes) -> None:
    blue, green = platform.examine()
    assert blue.finding.ok
    assert "release 2.0" in blue.finding.said
    assert green.bad
    assert "is down: never started" in green.finding.said
    [remedy] = green.remedies
    assert (remedy.name, remedy.command) == ("start green", "backout start-backup APP green")
    assert platform.mend(remedy.name).startswith("started green: process ")
    assert [checkup.bad for checkup in platform.examine()] == [False, False]


def test_the_end_of_the_log_is_told_without_secrets(
    given: dict[str, Any], platform: Processes, kill: Callable[[str], None]
) -> None:
    kill("blue")
    wait_until(lambda: not platform.slot("blue").running, "blue's end")
    assert "its log ends: blue listens" in platform.examine()[0].finding.said
    given["slots"]["green"]["env"]["CRASH"] = "7"
    crashes = Processes.model_validate(given)
    with pytest.raises(CommandFailed, match="exited with code 7"):
        crashes.mend("start green")
    assert "cannot go on with **********" in crashes.examine()[1].finding.said
    assert SECRET not in crashes.examine()[1].model_dump_json()


def test_a_standby_that_takes_no_connections_is_restarted(platform: Processes, given: dict[str, Any]) -> None:
    platform.prepare("green", look)
    before = pid_of(platform, "green")
    given["slots"]["green"]["address"] = "http://127.0.0.1:1"
    moved = Processes.model_validate(given).examine()[1]
    assert (moved.finding.symptom, moved.remedies[0].name) == ("not listening", "restart green")
    assert platform.mend("restart green").startswith("restarted green")
    assert is_up(platform, "green")
    assert pid_of(platform, "green") != before


def test_the_serving_slot_is_not_offered_a_restart(platform: Processes, given: dict[str, Any]) -> None:
    given["slots"]["blue"]["address"] = "http://127.0.0.1:1"
    deaf = Processes.model_validate(given)
    (deaf.folder.parent / "active").write_text("127.0.0.1:1")
    assert deaf.examine()[0].remedies[0].name == ""
    os.kill(pid_of(platform, "blue"), signal.SIGKILL)


def test_a_port_that_somebody_else_has_is_told(platform: Processes) -> None:
    host, _, port = dial_of(platform.programs["green"].address).rpartition(":")
    with socket.create_server((host, int(port))):
        green = platform.examine()[1]
    assert green.finding.symptom == "port taken"
    assert green.remedies[0].command == f"ss -ltnp 'sport = :{port}'"


def test_what_cannot_be_read_is_told_and_not_raised(platform: Processes) -> None:
    (platform.folder / "green").write_text("not a folder")
    assert platform.examine()[1].bad


def test_an_unknown_remedy_is_refused(platform: Processes) -> None:
    for remedy in ("start purple", "reload", "stop blue", ""):
        with pytest.raises(UnknownRemedy):
            platform.mend(remedy)
