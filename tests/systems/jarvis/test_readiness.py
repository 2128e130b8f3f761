"""Whether Jarvis can go back right now, by the cluster's own history of it."""

import pytest

from domain.findings import Verdict
from domain.readiness import Check
from examples.jarvis.release import VERSION_LABEL
from examples.jarvis.stack import OLD as BEFORE
from tasks.readiness import CHECKS, look
from tests.blocks.waiting import wait_until
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import API, PATIENCE_S, Jarvis

pytestmark = pytest.mark.cluster


def looked(scene: JarvisScene) -> dict[str, Check]:
    """What stands for the release to go back to; a backup and the like are other tests'."""
    checks = {name: CHECKS[name] for name in ("target", "artifact", "platform")}
    with scene.installation() as here:
        seen = look(here, scene.name, lambda: scene.document, lambda: "http://127.0.0.1:4200/api", checks)
    return {check.name: check for check in seen.readiness.checks}


def green(found: dict[str, Check]) -> bool:
    """All of it, with the release of before as the one to go back to."""
    well = all(check.verdict is Verdict.OK for check in found.values())
    return well and found["target"].said.startswith(BEFORE.name)


def test_a_revision_that_is_gone_turns_it_red_and_green_again(jarvis: Jarvis, scene: JarvisScene) -> None:
    """It is taken from the Deployment by its label: to bring back one that was deleted takes two rollouts, here minutes."""
    [revision] = jarvis.stack.kubectl.json(
        "get", "replicasets", "--selector", f"app={API},{VERSION_LABEL}={BEFORE.name}"
    )["items"]
    belongs_to = ("label", "--overwrite", "replicaset", revision["metadata"]["name"])
    assert green(looked(scene)), looked(scene)

    jarvis.stack.kubectl.run(*belongs_to, "app=nobody")
    try:
        red = looked(scene)
    finally:
        jarvis.stack.kubectl.run(*belongs_to, f"app={API}")
    assert {name: check.verdict for name, check in red.items()} == {
        "target": Verdict.BAD, "artifact": Verdict.BAD, "platform": Verdict.OK,
    }  # fmt: skip
    assert red["artifact"].said.startswith(f"{BEFORE.name}, the last good release by record, is gone")
    assert red["artifact"].next_steps, "it says what to do"
    wait_until(lambda: green(looked(scene)), "the Deployment to have its revision again", PATIENCE_S)
