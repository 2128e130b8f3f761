import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.platforms.contract import Standing
from blocks.platforms.processes import Processes
from domain.errors import Conflict, UnknownSlot, Unreachable
from tests.blocks.platforms.contract import SECRET, PlatformContract, answering, look
from tests.blocks.platforms.install_contract import InstallContract
from tests.blocks.platforms.local_slots import is_up, said_by, settings
from tests.blocks.platforms.restart_contract import RestartContract
from tests.blocks.waiting import wait_until


class TestProcesses(PlatformContract, RestartContract, InstallContract):
    def test_deploy_puts_a_release_into_the_idle_slot(self, platform: Processes) -> None:
        platform.deploy("green", "3.0-rc.1", {"FEATURE": "on", "TOKEN": SECRET})
        ready = platform.prepare("green", look)
        assert isinstance(ready, Standing)
        assert (ready.slot.version, ready.slot.restarts) == ("3.0-rc.1", 0)
        said = said_by(platform, "green")
        assert said["version"] == "3.0-rc.1"
        assert {"FEATURE", "TOKEN", "DATABASE_URL", "SLOT"} <= set(said["variables"])

    def test_a_release_stays_through_restarts_in_a_file_of_ours_alone(self, platform: Processes) -> None:
        platform.deploy("green", "3.0", {"TOKEN": SECRET})
        platform.restart("green")
        assert platform.slot("green").version == "3.0"
        assert platform.slot("green").restarts == 1
        kept = platform.folder / "green" / "release.json"
        assert json.loads(kept.read_text()) == {"version": "3.0", "env": {"TOKEN": SECRET}}
        assert kept.stat().st_mode & 0o777 == 0o600
        assert SECRET not in str(platform.configuration())

    def test_a_restart_that_was_cut_off_starts_what_it_had_stopped(
        self, platform: Processes, kill: Callable[[str], None]
    ) -> None:
        before = platform.instances("blue")
        kill("blue")
        wait_until(lambda: not platform.slot("blue").running, "blue's end")
        platform.restart_serving("blue", before)
        assert platform.slot("blue").running

    @pytest.mark.parametrize("act", ["deploy", "stop", "restart"])
    def test_the_serving_slot_is_never_stopped(self, platform: Processes, act: str) -> None:
        before = platform.slot("blue")
        arguments: list[Any] = ["blue", "3.0", {}] if act == "deploy" else ["blue"]
        with pytest.raises(Conflict, match="slot blue is serving"):
            getattr(platform, act)(*arguments)
        assert platform.slot("blue") == before
        assert answering(platform) == "blue"

    def test_nothing_is_stopped_while_nobody_knows_who_serves(self, platform: Processes) -> None:
        platform.prepare("green", look)
        (platform.folder.parent / "active").unlink()
        with pytest.raises(Unreachable):
            platform.stop("green")
        assert platform.slot("green").running

    def test_stop_ends_an_idle_slot_and_is_a_no_op_after(self, platform: Processes) -> None:
        platform.prepare("green", look)
        platform.stop("green")
        platform.stop("green")
        assert not platform.slot("green").running
        with pytest.raises(UnknownSlot):
            platform.stop("purple")

    def test_a_slot_gets_nothing_of_backouts_own_environment(
        self, platform: Processes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BACKOUT_SECRET", SECRET)
        platform.prepare("green", look)
        given = {"APP_VERSION", "BACKOUT_SLOT_FOLDER", "DATABASE_URL", "SLOT"}
        assert set(said_by(platform, "green")["variables"]) - {"PATH", "HOME", "LANG", "LC_CTYPE"} == given

    def test_a_slot_outlives_the_process_that_started_it(
        self, platform: Processes, given: dict[str, Any]
    ) -> None:
        program = (
            "import json, sys; from blocks.platforms.processes import Processes\n"
            "Processes.model_validate(json.loads(sys.argv[1])).start('green')"
        )
        checkout = Path(__file__).parents[3]
        subprocess.run([sys.executable, "-c", program, json.dumps(given)], check=True, cwd=checkout)
        wait_until(lambda: is_up(platform, "green"), "green")
        assert platform.slot("green").running
        platform.stop("green")
        assert not is_up(platform, "green")

    def test_nobody_else_can_read_what_a_slot_keeps(self, platform: Processes) -> None:
        folder = platform.folder / "blue"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}

    def test_the_settings_survive_being_written_and_read(self, platform: Processes) -> None:
        assert Processes.model_validate(platform.model_dump()) == platform


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "red"}, "colour"),
        ({"folder": "slots"}, "absolute path"),
        ({"slots": {}}, "slots"),
        ({"stop_timeout_s": 0}, "stop_timeout_s"),
        ({"router": {"kind": "nginx_of_old"}}, "not one of the routers"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as refused:
        Processes.model_validate({**settings(tmp_path, "http://127.0.0.1:1"), **change})
    assert SECRET not in str(refused.value)


def test_two_slots_at_one_address_are_refused(tmp_path: Path) -> None:
    given = settings(tmp_path, "http://127.0.0.1:1")
    given["slots"]["green"]["address"] = given["slots"]["blue"]["address"]
    with pytest.raises(ValidationError, match="the same address"):
        Processes.model_validate(given)


def test_a_slots_name_must_do_for_a_folder(tmp_path: Path) -> None:
    given = settings(tmp_path, "http://127.0.0.1:1")
    given["slots"]["../blue"] = given["slots"].pop("blue")
    with pytest.raises(ValidationError, match="names a folder"):
        Processes.model_validate(given)
