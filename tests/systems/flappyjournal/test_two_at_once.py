"""Two systems of different kinds are taken back at the same time by one `backout serve`: neither disturbs the other."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from domain.outcomes import Outcome
from examples.flappyjournal.images import Version
from examples.mvp_011.application import Fault
from examples.mvp_011.stack import Stack, entry
from tests.systems.flappyjournal.shell import Shell
from tests.systems.flappyjournal.system import JournalScene, System

pytestmark = pytest.mark.engine

API = "mvp-011/beside"
WHY = ("--severity", "critical", "--reason", "both are bad")


@pytest.mark.full_matrix
def test_each_is_taken_back_by_its_own_plan(
    scene: JournalScene, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKOUT_HOME", str(system.home.root))
    api = Stack(tmp_path / "mvp").up()
    try:
        journal, other = Shell(scene, tmp_path), _beside(scene, api, tmp_path)
        journal.apply()
        other.apply()
        scene.deploy(Version("v1.1"))
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(shell.run, "rollback", *WHY) for shell in (journal, other)]
            said = [run.result() for run in runs]
        assert all("rolled_back" in one for one in said)
        assert journal.json("status")["serving"] == "blue"
        assert other.json("status")["serving"] == api.status()["currentEnvironment"]
        assert [found["version"] for found in api.status()["deploymentHistory"]][-1] == "1.0.0"
        _each_keeps_to_itself(scene, (scene.name, API))
    finally:
        api.down()


def _beside(scene: JournalScene, api: Stack, folder: Path) -> Shell:
    """The deployment API as a second application: 1.1.0 serves, and is bad."""
    api.deploy("1.0.0")
    api.deploy("1.1.0", Fault.ERRORS)
    (folder / "api").mkdir()
    shell = Shell(scene, folder / "api")
    policy = {"preset": "mvp-011", "watch_s": 1}
    described = {**entry(api.url), "name": API, "watch": {"enabled": False}, "policy": policy}
    shell.name = API
    shell.file.write_text(yaml.safe_dump({"applications": [described]}))
    return shell


def _each_keeps_to_itself(scene: JournalScene, names: tuple[str, str]) -> None:
    with scene.installation() as here:
        for name in names:
            [incident] = here.store.incidents(name)
            assert incident.outcome is Outcome.ROLLED_BACK
            written = json.dumps([entry.model_dump(mode="json") for entry in here.store.entries(incident.id)])
            [foreign] = set(names) - {name}
            assert foreign not in written
            assert here.store.holder(name) is None
