"""Deploy, and take back: a good release, and one whose errors only users see; with the shipped Role alone."""

import pytest

from domain.outcomes import Outcome
from examples.jarvis.release import ERRORS, Version
from flows.path import take_back
from flows.post_deploy_issue import take_back_after_deploy
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import WORKER, Jarvis

pytestmark = pytest.mark.cluster


def test_a_release_with_errors_is_taken_back_once(jarvis: Jarvis, scene: JarvisScene) -> None:
    scene.deploy(Version("v1.2.0", ERRORS))
    jarvis.answers_as("v1.2.0")
    outcome = scene.walk(take_back_after_deploy)
    assert outcome is Outcome.ROLLED_BACK, scene.why()
    jarvis.answers_as("v1.1.0")
    assert (jarvis.version(), jarvis.version(WORKER)) == ("v1.1.0", "v1.1.0")
    assert scene.quarantined() == ["v1.2.0"]
    [verified] = scene.data("verified")
    found = {finding["name"]: finding["verdict"] for finding in verified["findings"]}
    checks = (
        "health",
        "pods",
        "smoke tests",
        "version",
        "error rate",
        "prisma migrate status",
        "database",
        "connections",
    )
    assert {name: found.get(name) for name in checks} == dict.fromkeys(checks, "ok")

    revision = jarvis.revision()
    assert scene.walk(take_back, "second") is Outcome.NOTHING_TO_DO, scene.why()
    assert jarvis.revision() == revision
