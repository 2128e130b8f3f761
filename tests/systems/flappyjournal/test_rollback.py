"""Deploy, and roll back by the runbook's scenarios, on containers."""

import pytest

from domain.outcomes import Outcome
from examples.demo.load import Load
from examples.flappyjournal.images import Version
from examples.flappyjournal.stack import NEW, services
from flows.path import take_back
from flows.performance_degradation import take_back_if_faster
from flows.post_deploy_issue import take_back_after_deploy
from tests.systems.flappyjournal.system import JournalScene, Person, System, wait_for

pytestmark = pytest.mark.engine
GOOD = Version("v1.1")


def test_a_release_is_taken_back_and_nobody_notices(
    scene: JournalScene, person: Person, system: System
) -> None:
    person.write("Before the deployment")
    assert scene.deploy(GOOD) == "green"
    assert "v1.1" in person.page()
    load = Load(f"{system.stack.address}/", clients=4, rate=60).start()
    outcome = scene.walk(take_back_after_deploy)
    tally = load.stop().total
    assert outcome is Outcome.ROLLED_BACK, scene.data("ending")
    assert (tally.lost.total(), tally.errors) == (0, 0)
    assert tally.requests > 20
    assert "v1.0-full-tech, served by blue" in person.page()
    assert person.titles() == ["Before the deployment"]
    wait_for(lambda: system.targets()["blue"].get("active") == "true", "Prometheus to follow")
    assert system.targets()["green"]["active"] == "false"

    assert scene.walk(take_back, "second") is Outcome.NOTHING_TO_DO, scene.why()


def test_the_verification_is_the_runbook_s(scene: JournalScene) -> None:
    scene.deploy(GOOD)
    assert scene.walk(take_back) is Outcome.ROLLED_BACK, scene.data("ending")
    [verified] = scene.data("verified")
    found = {finding["name"]: finding["verdict"] for finding in verified["findings"]}
    assert found.pop("targets", found.pop("prometheus_targets", "")) in ("ok", "no data")
    assert found == dict.fromkeys(
        ("health", "auth", "chat", "database connected", "user experience", "certificate", "database", "connections"), "ok"
    )  # fmt: skip
    preserved = scene.evidence("compose.yaml")
    assert "blue-api-gateway" in preserved
    assert scene.stack.settings.values["POSTGRES_PASSWORD"] not in preserved


def test_errors_in_the_log_of_the_new_release_are_among_the_reasons(
    scene: JournalScene, system: System
) -> None:
    scene.deploy(Version("v1.2", "errors"))
    load = Load(f"{system.stack.address}/", clients=2, rate=40).start()
    wait_for(lambda: load.tally.total.errors > 0, "errors")
    load.stop()
    assert scene.walk(take_back_after_deploy) is Outcome.ROLLED_BACK, scene.data("ending")
    assert system.serving() == "blue"
    assert "log lines are errors" in scene.report()
    assert "GET / answered 500" in scene.report()


@pytest.mark.full_matrix
def test_a_slow_release_is_measured_and_taken_back(scene: JournalScene, system: System) -> None:
    scene.deploy(Version("v1.3", "slow"))
    assert scene.walk(take_back_if_faster) is Outcome.ROLLED_BACK, scene.data("ending")
    assert system.serving() == "blue"


@pytest.mark.full_matrix
def test_a_backup_slot_that_was_stopped_is_started(scene: JournalScene, system: System) -> None:
    scene.deploy(GOOD)
    before = scene.containers("blue")
    system.stack.project.run("stop", *services("blue"), timeout_s=60)
    assert scene.walk(take_back) is Outcome.ROLLED_BACK, scene.data("ending")
    assert system.serving() == "blue"
    assert scene.containers("blue") == before
    assert scene.platform.slot("blue").version == NEW.name
