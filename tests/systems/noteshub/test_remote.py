"""The same stack as if it stood on another machine: all is asked and changed by ssh, and by `supervisorctl` there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.outcomes import Outcome
from domain.request import Kind
from examples.noteshub.release import Fault, Release
from flows.path import take_back_now
from tests.blocks.hosts.sshd import Sshd, ended, started
from tests.blocks.supervised import SUPERVISORCTL
from tests.systems.noteshub.scene import NotesStage


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    server = started(tmp_path / "sshd")
    yield server
    ended(server)


@pytest.mark.full_matrix
def test_an_emergency_by_ssh(notes: NotesStage, sshd: Sshd, tmp_path: Path) -> None:
    scene = notes.scene(tmp_path, Release("1.2.3", Fault.ERRORS))
    host, file = sshd.host().model_dump(mode="json"), notes.stack.folder / "supervisord.conf"
    platform = scene.raw["platform"]
    scene.raw["platform"] = {
        **platform,
        "supervisord": {
            "host": host, "command": [*SUPERVISORCTL, "-c", str(file)], "configuration_file": str(file),
        },
        "router": {**platform["router"], "host": host},
    }  # fmt: skip
    before = scene.pids()
    assert scene.walk(take_back_now, runbook="emergency", kind=Kind.EMERGENCY) is Outcome.ROLLED_BACK
    assert notes.serving() == "green"
    after = scene.pids()
    assert all(after[name] not in (before[name], None) for name in ("worker", "frontend"))
    assert "APP_VERSION=1.2.2" in scene.environment().splitlines()
    [aligned] = scene.data("aligned")
    assert aligned["left"] == []
    slot = scene.document.platform.slot("green")
    assert slot.since is not None
    usage = scene.document.platform.usage("green")
    assert usage is not None
    assert usage.memory_mb > 1
