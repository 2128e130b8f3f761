"""deploy-blue-green and promote by `backout deploy`, on the real engine: into the idle slot, all traffic at once, watched."""

import os
import signal
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from blocks.compose_program import ComposeProject
from blocks.containers import installing
from blocks.hosts.local import Local
from domain.outcomes import Outcome
from examples.demo.tally import Window
from examples.faults.contract import Fault
from examples.faults.switch import PLACE, asking_for
from examples.flappyjournal.images import Version
from examples.flappyjournal.stack import NEW
from examples.flappyjournal.staging import stage, write_results
from flows.path import go_forward, take_back
from tests.flows.killing import Runs
from tests.forked import KILLED, exit_code
from tests.systems import deploys
from tests.systems.deploys import QUICK, after_all_traffic, deploy_of, deployed_under_load
from tests.systems.flappyjournal.system import JournalScene, System

pytestmark = pytest.mark.engine
NUMBERS = count(1)
LONG_S = 600


@pytest.fixture
def release(scene: JournalScene) -> Version:
    """One that was built and passed on staging, and is in no slot yet."""
    built = Version(f"v3.{next(NUMBERS)}")
    scene.stack.build(built)
    write_results(scene.stack.folder, [])
    scene.raw["deploy"] = {**scene.raw["deploy"], **QUICK}
    return built


def deployed(scene: JournalScene, release: Version) -> tuple[Outcome | None, Window]:
    """How its deploy ended, and what users had meanwhile."""
    return deployed_under_load(scene, release.name, f"{scene.stack.address}/", rate=40)


def without_database(scene: JournalScene) -> None:
    """Its backup and the rehearsal take longer than all the rest; the first test has them."""
    scene.raw.pop("database")


def spoil(scene: JournalScene, fault: Fault) -> None:
    """What runs in green has this fault from now on."""
    [container] = scene.stack.project.run("ps", "--quiet", "green-api-gateway", timeout_s=60).split()
    write = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    content = asking_for(fault, time.time() + LONG_S)
    Local().check(["docker", "exec", container, "python3", "-c", write, PLACE, content])


def ends_whole(scene: JournalScene, outcome: Outcome | None, release: Version) -> None:
    """All traffic on one release that answers users."""
    assert outcome in (Outcome.DEPLOYED, Outcome.WENT_BACK), scene.why()
    slot, version = ("green", release) if outcome is Outcome.DEPLOYED else ("blue", NEW)
    assert scene.platform.route().served == {slot: 100}
    found = scene.platform.slot(slot)
    assert (found.version, found.running) == (version.name, True)


def test_a_good_release_takes_all_traffic_and_can_be_gone_back_from(
    scene: JournalScene, system: System, release: Version
) -> None:
    blue = scene.containers("blue")
    outcome, counted = deployed(scene, release)
    assert outcome is Outcome.DEPLOYED, scene.why()
    assert (counted.lost.total(), counted.errors) == (0, 0), counted.document()
    ends_whole(scene, outcome, release)
    assert system.stack.version("green") == release.name
    green = scene.containers("green")

    assert scene.walk(take_back, "second") is Outcome.ROLLED_BACK, scene.why()
    assert system.serving() == "blue"
    assert (scene.containers("blue"), scene.containers("green")) == (blue, green)


@pytest.mark.full_matrix
def test_errors_after_the_switch_take_all_traffic_back(
    scene: JournalScene, release: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_database(scene)
    scene.raw["deploy"] = {**scene.raw["deploy"], "watch_s": LONG_S}
    after_all_traffic(monkeypatch, lambda: spoil(scene, Fault.ERRORS))
    outcome, counted = deployed(scene, release)
    assert outcome is Outcome.WENT_BACK, scene.why()
    ends_whole(scene, outcome, release)
    assert "failed" in scene.data("judged")[-1]["said"]
    assert counted.lost.total() == 0, counted.document()
    # At most every third request from the fault to the way back.
    assert counted.errors < counted.requests / 3, counted.document()


@pytest.mark.full_matrix
def test_latency_after_the_switch_takes_all_traffic_back(
    scene: JournalScene, release: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.raw["deploy"] = {**scene.raw["deploy"], "watch_s": LONG_S}
    after_all_traffic(monkeypatch, lambda: spoil(scene, Fault.LATENCY))
    outcome, counted = deployed(scene, release)
    assert outcome is Outcome.WENT_BACK, scene.why()
    ends_whole(scene, outcome, release)
    assert "took more than" in scene.data("judged")[-1]["said"]
    assert (counted.lost.total(), counted.errors) == (0, 0), counted.document()


@pytest.mark.full_matrix
def test_a_crash_after_all_traffic_takes_it_back(
    scene: JournalScene, release: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.raw["deploy"] = {**scene.raw["deploy"], "watch_s": LONG_S}
    after_all_traffic(monkeypatch, lambda: scene.stack.project.run("kill", "green-api-gateway", timeout_s=60))
    outcome, counted = deployed(scene, release)
    assert outcome is Outcome.WENT_BACK, scene.why()
    ends_whole(scene, outcome, release)
    assert counted.requests > counted.lost.total() + counted.errors > 0, counted.document()


@pytest.mark.full_matrix
def test_what_failed_on_staging_changes_nothing(scene: JournalScene, release: Version) -> None:
    without_database(scene)
    write_results(scene.stack.folder, ["sign-in"])
    green = scene.containers("green")
    assert scene.walk(go_forward, **deploy_of(release.name)) is Outcome.HELD
    assert "cypress: 1 of 5 tests failed" in scene.data("ending")[0]["why"]
    assert scene.containers("green") == green
    ends_whole(scene, Outcome.WENT_BACK, release)


@pytest.mark.full_matrix
@pytest.mark.parametrize("fault", ["none", "errors"])
def test_staging_says_whether_it_passes(scene: JournalScene, release: Version, fault: str) -> None:
    failed = stage(scene.stack, Version(release.name, fault))
    assert bool(failed) is (fault == "errors")
    outcome = scene.walk(go_forward, **deploy_of(release.name))
    assert outcome is (Outcome.HELD if failed else Outcome.DEPLOYED), scene.why()


@pytest.mark.full_matrix
@pytest.mark.parametrize("fault", ["crash", "broken-image", "unhealthy"])
def test_what_does_not_come_up_gets_no_traffic(scene: JournalScene, release: Version, fault: str) -> None:
    scene.stack.build(Version(release.name, fault))
    scene.raw["platform"] = {**scene.raw["platform"], "start_timeout_s": 10}
    outcome, counted = deployed(scene, release)
    assert outcome is Outcome.HELD, scene.why()
    assert (counted.lost.total(), counted.errors) == (0, 0), counted.document()
    ends_whole(scene, Outcome.WENT_BACK, release)


@pytest.mark.full_matrix
def test_a_release_that_nobody_built_is_held(scene: JournalScene, release: Version) -> None:
    without_database(scene)
    assert scene.walk(go_forward, **deploy_of("v9.9")) is Outcome.HELD
    ends_whole(scene, Outcome.WENT_BACK, release)


POINTS = ["after note shifted"]
REST = [
    "before install", "after install", "before note installed", "before shift traffic", "before rename", "after rename",
    "before note shifted", "before note switched", "after note switched", "before verify", "after verify",
]  # fmt: skip


@pytest.mark.parametrize(
    "point", [*POINTS, *(pytest.param(point, marks=pytest.mark.full_matrix) for point in REST)]
)
def test_killed_it_ends_fully_new_or_fully_old(
    scene: JournalScene, release: Version, tmp_path: Path, point: str
) -> None:
    without_database(scene)
    runs = Runs(deploys.asking_for(scene, release.name), go_forward, tmp_path)
    runs.start(dies_at=point)
    runs.start()
    ends_whole(scene, scene.incident().outcome, release)


@pytest.mark.full_matrix
@pytest.mark.parametrize(
    "when", ["before the variable", "before the first service", "before the last service"]
)
def test_killed_while_the_slot_is_filled(scene: JournalScene, release: Version, when: str) -> None:
    before = scene.platform.slot("green").version
    assert exit_code(lambda: _dies_in_install(scene, release, when)) == KILLED
    assert scene.platform.slot("green").version == before
    assert scene.walk(go_forward, **deploy_of(release.name)) is Outcome.DEPLOYED, scene.why()
    ends_whole(scene, Outcome.DEPLOYED, release)


def _dies_in_install(scene: JournalScene, release: Version, when: str) -> None:
    run = ComposeProject.run_alone

    def dies(*_arguments: Any, **_more: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def dies_at_the_gateway(project: ComposeProject, *words: str, **more: Any) -> str:
        if words[-1] == "green-api-gateway":
            dies()
        return run(project, *words, **more)

    with pytest.MonkeyPatch.context() as patch:
        if when == "before the variable":
            patch.setattr(installing, "_write", dies)
        elif when == "before the first service":
            patch.setattr(ComposeProject, "run_alone", dies)
        else:
            patch.setattr(ComposeProject, "run_alone", dies_at_the_gateway)
        scene.walk(go_forward, **deploy_of(release.name))
