"""`kill -9` in the switch, then the same run again."""

from pathlib import Path

import pytest

from domain.outcomes import Outcome
from examples.flappyjournal.images import Version
from flows.path import take_back
from tests.flows.killing import Runs
from tests.systems.flappyjournal.system import JournalScene, System

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("point", ["before rename", "after rename"])
def test_killed_in_the_switch(scene: JournalScene, system: System, tmp_path: Path, point: str) -> None:
    scene.deploy(Version("v1.1"))
    runs = Runs(scene, take_back, tmp_path)
    runs.start(dies_at=point)
    assert system.serving() == ("green" if point == "before rename" else "blue")
    runs.start()
    assert system.serving() == "blue"
    assert runs.renames() == 1
    assert scene.incident().outcome is Outcome.ROLLED_BACK
    [switched] = scene.data("switched")
    assert (switched["receipt"]["before"], switched["receipt"]["after"]) == ("green", "blue")
