"""supervisord asked both ways, by its socket and by `supervisorctl`: they say the same."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from blocks.hosts.local import Local
from blocks.supervision import rpc, starting
from blocks.supervision.command import Supervisorctl
from blocks.supervision.control import Control
from blocks.supervision.process_table import started_at, usage_of
from blocks.supervision.rpc import Rpc
from blocks.supervision.supervisord import Supervisord as Settings
from domain.errors import CommandFailed, Unreachable
from tests.blocks.platforms.supervised_slots import OTHERS
from tests.blocks.supervised import DEBIAN, PIP, SUPERVISORCTL, Supervisord
from tests.blocks.waiting import wait_until


@pytest.fixture(scope="module")
def supervisord(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisord]:
    with running(tmp_path_factory.mktemp("programs"), PIP) as server:
        yield server


@contextmanager
def running(folder: Path, program: list[str]) -> Iterator[Supervisord]:
    server = Supervisord(folder, program)
    server.write(OTHERS)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["socket", "supervisorctl"])
def control(request: pytest.FixtureRequest, supervisord: Supervisord) -> Control:
    if request.param == "socket":
        return Rpc(supervisord.socket)
    return Supervisorctl(Local(), [*SUPERVISORCTL, "-c", str(supervisord.configuration)])


def test_starts_and_stops_and_says_so(control: Control) -> None:
    control.start("worker")
    control.start("worker")
    [state] = starting.states(control, ["worker"])
    assert (state.up, state.said) == (True, "")
    assert state.pid is not None
    [since] = started_at(Local(), [state.pid]).values()
    assert state.since is None or abs(state.since - since) < timedelta(seconds=3)
    assert control.programs()["worker"].pid == state.pid
    usage = usage_of(Local(), [state.pid])
    assert usage is not None
    assert usage.memory_mb > 0
    starting.stop(control, ["worker"], 10)
    control.stop("worker")
    [state] = starting.states(control, ["worker"])
    assert (state.state, state.pid) == ("STOPPED", None)


@pytest.mark.skipif(not Path(DEBIAN[0]).exists(), reason="Debian's supervisor is not installed")
def test_debians_own_does_too(tmp_path: Path) -> None:
    with running(tmp_path, DEBIAN) as server:
        control = Rpc(server.socket)
        starting.restart(control, "worker", start_timeout_s=10, stop_timeout_s=10)
        [state] = starting.states(control, ["worker"])
        assert state.state == "RUNNING"


def test_a_program_that_cannot_be_started_is_said(control: Control) -> None:
    for program in ("missing", "unheard-of"):
        with pytest.raises(CommandFailed, match=program):
            control.start(program)


def test_one_that_ends_at_once_is_told_with_its_last_words(control: Control) -> None:
    with pytest.raises(CommandFailed, match=r"crasher.*(spawn error|FATAL|abnormal)"):
        starting.restart(control, "crasher", start_timeout_s=10, stop_timeout_s=10)
    [state] = starting.states(control, ["crasher"])
    assert state.failed
    assert "Exited too quickly" in state.said
    assert "its log ends: no luck with" in starting.with_last_lines(control, state)


def test_an_unknown_program_is_missing_and_has_no_log(control: Control) -> None:
    [state] = starting.states(control, ["unheard-of"])
    assert (state.state, state.up, state.failed) == ("MISSING", False, True)
    assert control.tail("unheard-of", 5) == []


def test_its_own_log_tells_the_starts(control: Control) -> None:
    control.start("worker")
    assert any("spawned: 'worker'" in line for line in control.main_log())


def test_a_log_with_control_characters_is_read_all_the_same(supervisord: Supervisord) -> None:
    control = Rpc(supervisord.socket)
    control.start("colours")
    wait_until(lambda: control.tail("colours", 5), "its line")
    assert control.tail("colours", 5) == ["\x1b[31mred\x1b[0m"]


def test_one_that_ignores_its_end_is_said(supervisord: Supervisord) -> None:
    control = Rpc(supervisord.socket)
    starting.restart(control, "stubborn", start_timeout_s=10, stop_timeout_s=10)
    with pytest.raises(CommandFailed, match="stubborn STOPPING"):
        starting.stop(control, ["stubborn"], 0.3)


def test_nobody_listens(tmp_path: Path) -> None:
    for control in (
        Rpc(tmp_path / "none.sock"),
        Supervisorctl(Local(), [*SUPERVISORCTL, "-s", f"unix://{tmp_path}/none.sock"]),
    ):
        with pytest.raises(Unreachable, match="supervisord at"):
            control.programs()


def test_one_that_does_not_answer_costs_no_more_than_the_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc, "TIMEOUT_S", 0.2)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "s"))
        deaf.listen()
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
            Rpc(tmp_path / "s").programs()


def test_a_wrong_password_is_said_and_not_shown(tmp_path: Path) -> None:
    server = Supervisord(tmp_path)
    server.write({})
    text = server.configuration.read_text().replace(
        "chmod=0600", "chmod=0600\nusername=ann\npassword=sesame", 1
    )
    server.configuration.write_text(text)
    server.start()
    try:
        assert Rpc(server.socket, "ann", SecretStr("sesame")).programs() == {}
        with pytest.raises(Unreachable, match="http 401") as refused:
            Rpc(server.socket, "ann", SecretStr("correct-horse")).programs()
    finally:
        server.remove()
    assert "correct-horse" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"socket": "run/s"}, "absolute path"),
        ({"command": []}, "command"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Settings.model_validate(given)


def test_a_socket_of_another_machine_is_refused() -> None:
    far = {
        "socket": "/run/s",
        "host": {"kind": "ssh", "host": "web-1", "user": "deploy", "known_hosts": "/k"},
    }
    with pytest.raises(ValidationError, match="leave it out"):
        Settings.model_validate(far)
