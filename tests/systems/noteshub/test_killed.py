"""`kill -9` in the switch, right before and right after the link is renamed: the next start ends right, and once only."""

import os
import signal
from pathlib import Path

import pytest

from blocks.hosts.local import Local
from domain.outcomes import Outcome
from flows.post_deploy_issue import take_back_after_deploy
from tests.forked import KILLED, exit_code
from tests.systems.noteshub.scene import NotesScene, NotesStage

SAME, ANOTHER = "first", "by hand"


def _dying(scene: NotesScene, *, renamed: bool) -> None:
    link = Local.link

    def deadly(self: Local, path: Path, target: str) -> None:
        if path.name != "active":
            link(self, path, target)
            return
        if renamed:
            link(self, path, target)
        os.kill(os.getpid(), signal.SIGKILL)

    Local.link = deadly  # type: ignore[method-assign]
    scene.walk(take_back_after_deploy)


@pytest.mark.parametrize(
    ("renamed", "again"),
    [(False, SAME), (True, ANOTHER), pytest.param(False, ANOTHER, marks=pytest.mark.full_matrix),
     pytest.param(True, SAME, marks=pytest.mark.full_matrix)],
)  # fmt: skip
def test_killed_in_the_switch(notes: NotesStage, tmp_path: Path, renamed: bool, again: str) -> None:
    scene = notes.scene(tmp_path)
    assert exit_code(lambda: _dying(scene, renamed=renamed)) == KILLED
    assert notes.serving() == ("green" if renamed else "amber")
    if again != SAME:
        scene.holder_died()
    assert scene.walk(take_back_after_deploy, again) is Outcome.ROLLED_BACK
    assert notes.serving() == "green"
    assert len(scene.data("switched")) == 1
    assert [entry["outcome"] for entry in scene.data("closed")] == [Outcome.ROLLED_BACK]
    for line in ("APP_VERSION=1.2.2", "DEPLOYMENT_ENV=green", "PREVIOUS_VERSION=1.2.3"):
        assert line in scene.environment().splitlines()
