"""The runbook's four commands, and `doctor`, as a person types them under a running `backout serve`."""

from pathlib import Path

import pytest

from examples.flappyjournal.deploying import deploy, record
from examples.flappyjournal.images import Version
from examples.flappyjournal.stack import services
from tests.systems.flappyjournal.shell import Shell
from tests.systems.flappyjournal.system import JournalScene, System

pytestmark = pytest.mark.engine


def test_the_runbook_s_commands(
    scene: JournalScene, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKOUT_HOME", str(system.home.root))
    shell = Shell(scene, tmp_path)
    shell.apply()
    slot = deploy(system.stack, Version("v1.1"))
    record(system.stack, slot, scene.name)
    assert shell.json("status")["serving"] == "green"

    system.stack.project.run("stop", *services("blue"), timeout_s=60)
    wrong = shell.run("doctor", code=1)
    assert "container on blue-api-gateway" in wrong
    assert "ended with exit code 0" in wrong
    assert shell.json("start-backup", "blue")["ready"] is True

    assert "roll back" in shell.run("validate")
    said = shell.run(
        "rollback",
        "--runbook",
        "post-deploy-issue",
        "--severity",
        "critical",
        "--reason",
        "checkout is broken",
    )
    assert "rolled_back" in said
    assert system.serving() == "blue"
