"""`kill -9` in the middle of the switch, then a second start: it always ends right."""

import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from blocks.checkout.environment_file import EnvironmentFile
from blocks.checkout.git import Git
from blocks.checkout.images import Images
from blocks.checkout.intent import IntentFile
from blocks.checkout.services import Services
from blocks.compose_program import ComposeProject
from domain.outcomes import Outcome
from flows.path import take_back
from tests.forked import KILLED, exit_code
from tests.systems.aldeia.scene import AldeiaScene
from tests.systems.aldeia.stage import NEW, OLD, Aldeia

pytestmark = pytest.mark.engine

STEPS: dict[str, tuple[type, str]] = {
    "intent": (IntentFile, "keep"),
    "stash": (Git, "stash"),
    "stop": (Services, "stop"),
    "checkout": (Git, "checkout"),
    "environment": (EnvironmentFile, "put"),
    "names": (Images, "point"),
    "wait": (Services, "wait"),
}
"""The switch, step by step; each is passed before and after."""

DEFAULT = [("during", "up")]
OTHERS = [(when, step) for step in STEPS for when in ("before", "after") if (when, step) not in DEFAULT]


def _dies(function: Callable[..., Any], when: str) -> Callable[..., Any]:
    def watched(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return watched


def _dies_during(run: Callable[..., str], command: str) -> Callable[..., str]:
    """Compose goes on by itself: it is in a session of its own, and nobody waits for it."""

    def watched(project: ComposeProject, *arguments: str, **more: Any) -> str:
        if arguments[0] != command:
            return run(project, *arguments, **more)
        quiet = subprocess.DEVNULL
        subprocess.Popen(
            project.argv(*arguments), cwd=project.folder, stdout=quiet, stderr=quiet, start_new_session=True
        )
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    return watched


def _walk_and_die(scene: AldeiaScene, when: str, step: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if when == "during":
            patch.setattr(ComposeProject, "run", _dies_during(ComposeProject.run, step))
        else:
            owner, method = STEPS[step]
            patch.setattr(owner, method, _dies(getattr(owner, method), when))
        scene.walk(take_back)


@pytest.mark.parametrize(
    ("when", "step"), [*DEFAULT, *(pytest.param(*point, marks=pytest.mark.full_matrix) for point in OTHERS)]
)
def test_a_run_that_was_killed_in_the_switch_is_gone_on_with(
    aldeia: Aldeia, scene: AldeiaScene, when: str, step: str
) -> None:
    environment = aldeia.keep_environment_of(OLD)
    (aldeia.folder / "notes.txt").write_text("try county 19")
    assert exit_code(lambda: _walk_and_die(scene, when, step)) == KILLED
    assert aldeia.checkout().route().slot == NEW

    scene.holder_died()
    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    assert aldeia.checkout().route().slot == OLD
    assert aldeia.is_clean_on(OLD)
    assert aldeia.answering() == OLD
    assert (aldeia.folder / ".env").read_bytes() == environment
    kept = "stash@{0}^3:notes.txt"
    assert aldeia.repository.git("show", kept) == "try county 19"
