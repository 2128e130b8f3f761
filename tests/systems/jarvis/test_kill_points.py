"""`kill -9` in the middle of the switch, then a second start: it always ends right."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from blocks.kubernetes import activation
from domain.outcomes import Outcome
from examples.jarvis.release import ERRORS, Version
from flows.path import take_back
from tests.forked import KILLED, exit_code
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import WORKER, Jarvis

pytestmark = pytest.mark.cluster

NOTED, API_MOVED, WORKER_MOVED, ENDED = 1, 2, 3, 4
"""The changes of the switch, in their order."""

DEFAULT = [("after", "change", API_MOVED)]
OTHERS = [
    (when, "change", number)
    for number in (NOTED, API_MOVED, WORKER_MOVED, ENDED)
    for when in ("before", "after")
    if (when, "change", number) not in DEFAULT
] + [("after", "wait_for", 1)]


def _dies(function: Callable[..., Any], when: str, number: int) -> Callable[..., Any]:
    calls = 0

    def watched(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls != number:
            return function(*args, **kwargs)
        if when == "after":
            function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    return watched


def _walk_and_die(scene: JarvisScene, when: str, step: str, number: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(activation, step, _dies(getattr(activation, step), when, number))
        scene.walk(take_back)


@pytest.mark.parametrize(
    ("when", "step", "number"),
    [*DEFAULT, *(pytest.param(*point, marks=pytest.mark.full_matrix) for point in OTHERS)],
)
def test_a_run_that_was_killed_in_the_switch_is_gone_on_with(
    jarvis: Jarvis, scene: JarvisScene, when: str, step: str, number: int
) -> None:
    scene.deploy(Version("v1.2.0", ERRORS))
    assert exit_code(lambda: _walk_and_die(scene, when, step, number)) == KILLED
    if (when, number) != ("after", ENDED):
        assert scene.platform.route().slot == "v1.2.0", (
            "until the last step the release before counts as in place"
        )

    scene.holder_died()
    assert scene.walk(take_back, "second") is Outcome.ROLLED_BACK, scene.why()
    assert scene.platform.route().slot == "v1.1.0"
    jarvis.answers_as("v1.1.0")
    assert (jarvis.version(), jarvis.version(WORKER)) == ("v1.1.0", "v1.1.0")
    assert "backout.dev/rollback" not in jarvis.deployment()["metadata"]["annotations"]
