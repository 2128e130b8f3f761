"""NotesHub's "Deployment Flow" by `backout deploy`, on the real supervisord, nginx and PostgreSQL."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.hosts.local import Local
from blocks.supervision import starting
from domain.outcomes import Outcome
from examples.demo.tally import Window
from examples.noteshub.release import Fault, Release
from flows.path import go_forward, take_back
from tests.flows.killing import Runs
from tests.forked import KILLED, exit_code
from tests.systems.deploys import (
    QUICK,
    after_all_traffic,
    asking_for,
    at_share,
    deploy_of,
    deployed_under_load,
)
from tests.systems.noteshub.scene import ARCHIVED, NotesScene, NotesStage

NEW = Release("1.2.4")


@pytest.fixture
def scene(notes: NotesStage, tmp_path: Path) -> Iterator[NotesScene]:
    """A CI built 1.2.4; amber serves 1.2.3, and blue holds the oldest release, stopped."""
    made = notes.scene(tmp_path)
    made.raw["deploy"] = {**made.raw["deploy"], **QUICK}
    NEW.lay_out(notes.stack.releases)
    yield made
    platform = notes.notes
    platform.activate("amber", platform.route())
    notes.held["blue"] = NEW
    notes.hold("blue", ARCHIVED)


def deployed(scene: NotesScene, *, load: str = "/") -> tuple[Outcome | None, Window]:
    """How a deploy of 1.2.4 ended, and what users had meanwhile."""
    return deployed_under_load(scene, NEW.version, f"{scene.notes.stack.address}{load}")


def steps(scene: NotesScene) -> list[int]:
    """The shares that blue was given."""
    return [row["shares"]["blue"] for row in scene.data("shifted")]


def went_back(scene: NotesScene) -> bool:
    """1.2.3 has all traffic again, and `.env.production` says so."""
    return scene.notes.serving() == "amber" and "APP_VERSION=1.2.3" in scene.environment().splitlines()


def test_a_good_release_takes_all_traffic_and_can_be_gone_back_from(scene: NotesScene) -> None:
    before = scene.pids()
    outcome, counted = deployed(scene)
    assert outcome is Outcome.DEPLOYED, scene.data("ending")
    assert (counted.lost.total(), counted.errors) == (0, 0), counted.document()
    assert steps(scene) == [10, 30, 50, 100]
    assert scene.ask("public") == {"name": "NotesHub", "version": "1.2.4", "slot": "blue"}
    for line in ("APP_VERSION=1.2.4", "DEPLOYMENT_ENV=blue", "PREVIOUS_VERSION=1.2.3"):
        assert line in scene.environment().splitlines()
    after = scene.pids()
    assert [after[slot] for slot in ("green", "amber")] == [before[slot] for slot in ("green", "amber")]

    assert scene.walk(take_back, "second") is Outcome.ROLLED_BACK
    assert went_back(scene)
    assert scene.pids()["blue"] == after["blue"]


def test_errors_at_the_first_step_take_all_traffic_back(
    scene: NotesScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_share(monkeypatch, 10, lambda: NEW.spoil(scene.notes.stack.releases, Fault.ERRORS))
    outcome, counted = deployed(scene, load="/api/notes")
    assert outcome is Outcome.WENT_BACK, scene.data("ending")
    assert steps(scene) == [10]
    assert "failed" in scene.data("judged")[-1]["said"]
    assert went_back(scene)
    assert counted.lost.total() == 0, counted.document()
    # A third of a tenth of the users' requests, and that only while the step lasted.
    assert counted.errors < counted.requests / 10, counted.document()


@pytest.mark.full_matrix
def test_latency_at_half_the_traffic_takes_it_back(
    scene: NotesScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_share(monkeypatch, 50, lambda: NEW.spoil(scene.notes.stack.releases, Fault.SLOW))
    outcome, counted = deployed(scene)
    assert outcome is Outcome.WENT_BACK, scene.data("ending")
    assert steps(scene) == [10, 30, 50]
    assert "took more than" in scene.data("judged")[-1]["said"]
    assert went_back(scene)
    assert (counted.lost.total(), counted.errors) == (0, 0), counted.document()


@pytest.mark.full_matrix
def test_a_crash_loop_after_all_traffic_takes_it_back(
    scene: NotesScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.raw["deploy"] = {**scene.raw["deploy"], "watch_s": 60}
    after_all_traffic(monkeypatch, lambda: NEW.spoil(scene.notes.stack.releases, Fault.CRASH))
    outcome, counted = deployed(scene)
    assert outcome is Outcome.WENT_BACK, scene.data("ending")
    assert steps(scene)[-1] == 100
    assert went_back(scene)
    assert counted.requests > counted.lost.total() + counted.errors > 0, counted.document()


@pytest.mark.full_matrix
@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.UNHEALTHY, Fault.ERRORS])
def test_what_is_bad_in_its_slot_gets_no_traffic(scene: NotesScene, fault: Fault) -> None:
    Release(NEW.version, fault).lay_out(scene.notes.stack.releases)
    assert scene.walk(go_forward, **deploy_of(NEW.version)) is Outcome.HELD
    assert (steps(scene), scene.notes.serving()) == ([], "amber")


@pytest.mark.full_matrix
def test_a_release_that_nobody_built_is_held(scene: NotesScene) -> None:
    before = scene.pids()
    scene.raw.pop("database")
    assert scene.walk(go_forward, **deploy_of("9.9.9")) is Outcome.HELD
    assert "there is no folder" in scene.data("ending")[0]["why"]
    assert (scene.pids(), scene.notes.serving()) == (before, "amber")


POINTS = ["after note shifted"]
REST = [
    "before install", "after install", "after note installed", "before shift traffic", "before note shifted",
    "before shift traffic 2", "after shift traffic 3", "before note switched", "after note switched", "before align",
    "before verify", "after verify",
]  # fmt: skip


@pytest.mark.parametrize(
    "point", [*POINTS, *(pytest.param(point, marks=pytest.mark.full_matrix) for point in REST)]
)
def test_killed_it_ends_fully_new_or_fully_old(scene: NotesScene, tmp_path: Path, point: str) -> None:
    runs = Runs(asking_for(scene, NEW.version), go_forward, tmp_path)
    runs.start(dies_at=point)
    runs.start()
    ended = scene.incident().outcome
    ends_whole(scene, ended)
    if point in POINTS:
        assert ended is Outcome.WENT_BACK


def ends_whole(scene: NotesScene, outcome: Outcome | None) -> None:
    """All traffic on one release that is healthy; the file says the same."""
    assert outcome in (Outcome.DEPLOYED, Outcome.WENT_BACK)
    slot, version = ("blue", "1.2.4") if outcome is Outcome.DEPLOYED else ("amber", "1.2.3")
    assert scene.notes.notes.route().served == {slot: 100}
    assert scene.healthy(slot)
    assert scene.ask("public")["version"] == version
    assert f"APP_VERSION={version}" in scene.environment().splitlines()


@pytest.mark.full_matrix
@pytest.mark.parametrize("when", ["before the link", "after the link"])
def test_killed_while_the_slot_is_filled(scene: NotesScene, when: str) -> None:
    assert exit_code(lambda: _dies_in_install(scene, when)) == KILLED
    slot = scene.notes.notes.slot("blue")
    assert (slot.version, slot.running) == ("1.2.1" if when == "before the link" else "1.2.4", False)
    assert scene.walk(go_forward, **deploy_of(NEW.version)) is Outcome.DEPLOYED, scene.data("ending")
    ends_whole(scene, Outcome.DEPLOYED)


def _dies_in_install(scene: NotesScene, when: str) -> None:
    def dies(*_arguments: Any, **_more: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        if when == "before the link":
            patch.setattr(Local, "link", dies)
        else:
            patch.setattr(starting, "start", dies)
        scene.walk(go_forward, **deploy_of(NEW.version))
