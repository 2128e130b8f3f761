"""`kill -9` of the run between its POST and the answer: the run started again ends right, and traffic was moved once."""

import os
import signal
import threading
from collections.abc import Callable

import pytest

from blocks.deployment_api.client import DeploymentApiClient, Posted
from domain.outcomes import Outcome
from examples.mvp_011.application import Fault
from examples.mvp_011.server import ApiFault
from flows.path import take_back
from tests.blocks.waiting import wait_until
from tests.forked import KILLED, exit_code
from tests.systems.mvp_011.scene import ApiScene


def switched(scene: ApiScene) -> bool:
    return bool(scene.stack.status()["currentEnvironment"] == "blue")


def taken(scene: ApiScene) -> bool:
    """The API has the request, and works on it."""
    return not (scene.stack.folder / "api-fault").exists()


def die_when(scene: ApiScene, condition: Callable[[ApiScene], bool]) -> None:
    """A run whose process is killed after its POST was sent, as soon as the condition holds."""
    send = DeploymentApiClient.roll_back

    def sent(client: DeploymentApiClient, key: str) -> Posted:
        threading.Thread(target=send, args=[client, key], daemon=True).start()
        wait_until(lambda: condition(scene), "the moment to die")
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("dead by now")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DeploymentApiClient, "roll_back", sent)
        scene.walk(take_back)


@pytest.mark.parametrize(
    ("fault", "moment", "again"),
    [
        pytest.param(ApiFault.HANG_AFTER, switched, "first", id="switched and not answered"),
        pytest.param(ApiFault.SLOW, taken, "by hand", id="still at work, by hand"),
        pytest.param(ApiFault.SLOW, taken, "first", id="still at work", marks=pytest.mark.full_matrix),
    ],
)
def test_killed_between_post_and_answer(
    scene: ApiScene, fault: ApiFault, moment: Callable[[ApiScene], bool], again: str
) -> None:
    scene.stack.deploy("1.1.0", Fault.ERRORS)
    scene.stack.spoil(fault)
    assert exit_code(lambda: die_when(scene, moment)) == KILLED
    if again != "first":
        scene.holder_died()
    assert scene.walk(take_back, again) is Outcome.ROLLED_BACK
    assert scene.history() == [("deploy", "1.0.0"), ("deploy", "1.1.0"), ("rollback", "1.0.0")]
    [closed] = scene.data("closed")
    assert closed["outcome"] == Outcome.ROLLED_BACK
    assert len(scene.data("switched")) == 1
