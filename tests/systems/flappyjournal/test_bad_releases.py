"""Releases that never run: whether the deploy script looks or not, Backout finds the way back."""

import pytest

from domain.outcomes import Outcome
from examples.flappyjournal.images import BROKEN, Version
from examples.flappyjournal.stack import DeployStopped
from flows.path import take_back, take_back_now
from tests.systems.flappyjournal.system import JournalScene, System, wait_for

pytestmark = pytest.mark.engine


@pytest.mark.full_matrix
def test_an_image_that_cannot_start(scene: JournalScene, system: System) -> None:
    with pytest.raises(DeployStopped, match=r"v1\.4 cannot be started in green"):
        scene.deploy(Version("v1.4", BROKEN))
    assert system.serving() == "blue"
    assert scene.platform.slot("green").version == "v1.4"

    system.stack.give_traffic_to("green")  # as a script does that does not look
    scene.record("v1.4")
    assert scene.walk(take_back_now) is Outcome.ROLLED_BACK, scene.data("ending")
    assert system.serving() == "blue"


def test_a_crash_loop(scene: JournalScene, system: System) -> None:
    scene.deploy(Version("v1.5", "crash"), force=True)
    assert system.serving() == "green"
    wait_for(lambda: scene.platform.slot("green").restarts > 0, "it to crash")
    assert scene.walk(take_back) is Outcome.ROLLED_BACK, scene.data("ending")
    assert system.serving() == "blue"
    assert "ERROR cannot start" in "\n".join(scene.platform.logs("green", 100))
    assert "ERROR cannot start" in scene.evidence("green.log")


def test_there_is_no_way_back_to_a_release_that_does_not_get_healthy(
    scene: JournalScene, system: System
) -> None:
    with pytest.raises(DeployStopped, match=r"v1\.6 in green is not healthy"):
        scene.deploy(Version("v1.6", "unhealthy"), wait_s=2)
    scene.record("v1.6")
    assert scene.walk(take_back, to="v1.6") is Outcome.HELD
    assert system.serving() == "blue"
