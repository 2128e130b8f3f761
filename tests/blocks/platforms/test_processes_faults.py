import json
import os
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from blocks import process
from blocks.platforms.contract import Standing, Unproven
from blocks.platforms.processes import Processes
from domain.errors import CommandFailed
from domain.findings import Finding
from domain.release import Slot
from tests.blocks.platforms.contract import SECRET, look
from tests.blocks.platforms.local_slots import pid_of, said_by
from tests.blocks.waiting import wait_until


def test_a_release_that_ends_at_once_is_unproven_with_its_last_words(
    given: dict[str, Any], platform: Processes
) -> None:
    given["slots"]["green"]["env"]["CRASH"] = "7"
    outcome = Processes.model_validate(given).prepare("green", look)
    assert isinstance(outcome, Unproven)
    assert "exited with code 7; its log ends: cannot go on with **********" in outcome.reason
    assert SECRET not in outcome.reason
    assert platform.slot("blue").running


@pytest.mark.parametrize("command", [["no-such-program"], ["/etc/passwd"]])
def test_a_program_that_cannot_be_run_is_unproven(
    given: dict[str, Any], platform: Processes, command: list[str]
) -> None:
    given["slots"]["green"]["command"] = command
    broken = Processes.model_validate(given)
    outcome = broken.prepare("green", look)
    assert isinstance(outcome, Unproven)
    assert command[0] in outcome.reason
    with pytest.raises(CommandFailed):
        broken.start("green")
    assert platform.slot("blue").running


def test_a_slot_that_never_becomes_healthy_is_unproven_at_its_time(
    given: dict[str, Any], platform: Processes, spoil: Callable[[str], None]
) -> None:
    given["start_timeout_s"] = 0.5
    spoil("green")
    outcome = Processes.model_validate(given).prepare("green", look)
    assert isinstance(outcome, Unproven)
    assert "health on green" in outcome.reason
    assert platform.slot("green").running


def test_a_slot_that_somebody_just_started_has_its_time_too(
    platform: Processes, spoil: Callable[[str], None], tmp_path: Path
) -> None:
    spoil("green")
    platform.start("green")
    seen: list[Slot] = []

    def heal_at_the_fourth_look(slot: Slot) -> list[Finding]:
        seen.append(slot)
        if len(seen) == 4:
            (tmp_path / "green.unhealthy").unlink()
        return look(slot)

    assert isinstance(platform.prepare("green", heal_at_the_fourth_look), Standing)


def test_two_that_prepare_at_once_start_one_process(platform: Processes) -> None:
    with ThreadPoolExecutor(2) as threads:
        ends = list(threads.map(lambda _number: platform.prepare("green", look), range(2)))
    assert [type(end) for end in ends] == [Standing, Standing]
    assert platform.slot("green").restarts == 0


def test_another_process_with_the_same_pid_is_never_touched(platform: Processes) -> None:
    platform.prepare("green", look)
    platform.stop("green")
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    kept = platform.folder / "green" / "started.json"
    started = json.loads(kept.read_text())
    started["process"]["pid"] = stranger.pid
    kept.write_text(json.dumps(started))
    assert not platform.slot("green").running
    assert isinstance(platform.prepare("green", look), Standing)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_process_whose_record_was_lost_is_replaced(platform: Processes) -> None:
    platform.prepare("green", look)
    lost = pid_of(platform, "green")
    (platform.folder / "green" / "started.json").unlink()
    assert isinstance(platform.prepare("green", look), Standing)
    assert said_by(platform, "green")["pid"] == pid_of(platform, "green") != lost
    assert process.find(lost) is None


def test_children_that_outlived_their_parent_make_room(given: dict[str, Any], platform: Processes) -> None:
    given["slots"]["green"]["env"]["CHILD"] = "yes"
    forking = Processes.model_validate(given)
    forking.prepare("green", look)
    orphan = said_by(forking, "green")["pid"]
    assert orphan != pid_of(forking, "green")
    os.kill(pid_of(forking, "green"), signal.SIGKILL)
    wait_until(lambda: not forking.slot("green").running, "the parent's end")
    assert isinstance(forking.prepare("green", look), Standing)
    assert process.find(orphan) is None
    assert platform.slot("blue").running


def test_who_ignores_sigterm_gets_sigkill(given: dict[str, Any], platform: Processes) -> None:
    given["slots"]["green"]["env"]["STUBBORN"] = "yes"
    given["stop_timeout_s"] = 0.2
    stubborn = Processes.model_validate(given)
    stubborn.prepare("green", look)
    stubborn.stop("green")
    assert not platform.slot("green").running
    assert process.exit_code(pid_of(platform, "green")) == -signal.SIGKILL
