"""NotesHub's three procedures on the real thing: supervisord, nginx, PostgreSQL."""

from pathlib import Path
from typing import Any

import pytest

from domain.database.wish import Wish
from domain.outcomes import Outcome
from domain.request import STANDARD, Kind
from examples.demo.load import Load
from examples.noteshub.deploying import deploy
from examples.noteshub.release import Fault, Release
from flows.database_path import take_back_with_schema
from flows.path import take_back_now
from flows.post_deploy_issue import take_back_after_deploy
from tests.systems.noteshub.scene import ARCHIVED, NOTES, PREVIOUS, NotesScene, NotesStage

BAD = {fault: Release("1.2.3", fault) for fault in Fault}
RENAMES = Release("1.2.3", renames=True)
ONLY_CURRENT: list[dict[str, Any]] = [
    {"kind": "http", "name": "smoke", "path": "/", "expect": {"json": {"version": "1.2.3"}}}
]
"""A check that the target fails as soon as users reach it, and not before."""

STANDARD_REQUEST: dict[str, Any] = {"runbook": STANDARD, "database": Wish()}


def assert_immediate(scene: NotesScene) -> None:
    assert scene.notes.serving() == "green"
    assert scene.ask("public")["version"] == "1.2.2"
    for line in ("APP_VERSION=1.2.2", "DEPLOYMENT_ENV=green", "PREVIOUS_VERSION=1.2.3"):
        assert line in scene.environment().splitlines()


@pytest.mark.parametrize("fault", [Fault.ERRORS, Fault.CRASH, Fault.BROKEN, Fault.UNHEALTHY])
def test_immediate_moves_traffic_alone(notes: NotesStage, tmp_path: Path, fault: Fault) -> None:
    scene = notes.scene(tmp_path, BAD[fault])
    before = scene.pids()
    assert scene.walk(take_back_after_deploy, runbook="post-deploy-issue") is Outcome.ROLLED_BACK
    assert_immediate(scene)
    after = scene.pids()
    assert [after[name] for name in ("green", "worker", "frontend")] == [
        before[name] for name in ("green", "worker", "frontend")
    ]
    assert scene.walk(take_back_after_deploy, "second") is Outcome.NOTHING_TO_DO


def test_slow_answers_are_seen_and_taken_back(notes: NotesStage, tmp_path: Path) -> None:
    slow = [
        {"kind": "http", "name": "notes", "path": "/api/notes", "expect": {"within_s": 3}, "timeout_s": 3}
    ]
    scene = notes.scene(tmp_path, BAD[Fault.SLOW], checks=slow)
    assert scene.walk(take_back_after_deploy) is Outcome.ROLLED_BACK
    assert_immediate(scene)
    [ended] = scene.data("ending")
    assert "users see: notes: " in ended["why"]


def test_the_archived_version_is_started_when_it_is_asked_for(notes: NotesStage, tmp_path: Path) -> None:
    scene = notes.scene(tmp_path)
    assert not notes.notes.slot("blue").running
    assert scene.walk(take_back_after_deploy, to=ARCHIVED.version) is Outcome.ROLLED_BACK
    assert scene.ask("public") == {"name": "NotesHub", "version": "1.2.1", "slot": "blue"}
    assert "PREVIOUS_VERSION=1.2.3" in scene.environment()


def test_standard_takes_migrations_down_and_restarts_what_is_no_slot(
    notes: NotesStage, tmp_path: Path
) -> None:
    scene = notes.scene(tmp_path, RENAMES)
    assert not scene.healthy("green")
    before = scene.pids()
    assert scene.walk(take_back_with_schema, **STANDARD_REQUEST) is Outcome.ROLLED_BACK, scene.data("ending")
    assert_immediate(scene)
    assert scene.schema_version() == "002"
    assert len(scene.ask("public", "/api/notes")["notes"]) == NOTES
    after = scene.pids()
    assert after["green"] == before["green"]
    assert all(after[name] not in (before[name], None) for name in ("worker", "frontend"))
    assert scene.ask("frontend")["version"] == "1.2.2"
    [aligned] = scene.data("aligned")
    assert [line.partition(":")[0] for line in aligned["done"][1:]] == [
        "restarted noteshub-worker", "restarted noteshub-frontend", "cleared caches",
    ]  # fmt: skip
    assert aligned["left"] == []


def test_standard_leaves_a_schema_that_the_old_release_runs_on(notes: NotesStage, tmp_path: Path) -> None:
    scene = notes.scene(tmp_path, BAD[Fault.ERRORS])
    assert scene.walk(take_back_with_schema, **STANDARD_REQUEST) is Outcome.ROLLED_BACK
    assert_immediate(scene)
    assert scene.schema_version() == "002"
    assert scene.data("database changed") == []
    assert scene.walk(take_back_with_schema, "second", **STANDARD_REQUEST) is Outcome.NOTHING_TO_DO


def test_an_emergency_restarts_all_that_is_no_slot_and_clears_caches(
    notes: NotesStage, tmp_path: Path
) -> None:
    scene = notes.scene(tmp_path, BAD[Fault.UNHEALTHY])
    before, stale = scene.pids(), notes.stack.folder / "cache" / "stale"
    stale.touch()
    outcome = scene.walk(take_back_now, runbook="emergency", kind=Kind.EMERGENCY)
    assert outcome is Outcome.ROLLED_BACK
    assert_immediate(scene)
    after = scene.pids()
    assert all(after[name] not in (before[name], None) for name in ("worker", "frontend"))
    assert not stale.exists()


def test_where_users_are_not_served_all_goes_back_and_the_file_too(notes: NotesStage, tmp_path: Path) -> None:
    scene = notes.scene(tmp_path, checks=ONLY_CURRENT)
    before = scene.environment()
    assert scene.walk(take_back_with_schema, **STANDARD_REQUEST) is Outcome.WENT_BACK
    assert notes.serving() == "amber"
    assert scene.environment() == before
    assert scene.ask("frontend")["version"] == "1.2.3"


def test_a_target_that_is_not_healthy_is_refused(notes: NotesStage, tmp_path: Path) -> None:
    scene = notes.scene(tmp_path, previous=Release("1.2.2", Fault.UNHEALTHY))
    before = scene.environment()
    assert scene.walk(take_back_after_deploy, to=PREVIOUS.version) is Outcome.HELD
    assert notes.serving() == "amber"
    assert scene.environment() == before
    [ended] = scene.data("ending")
    assert ended["why"].startswith("1.2.2 in green is not healthy now: health on green: http 503")


def test_a_good_release_gets_its_traffic_in_steps_and_no_request_is_lost(
    notes: NotesStage, tmp_path: Path
) -> None:
    scene = notes.scene(tmp_path)
    seen: list[int] = []
    load = Load(f"{notes.stack.address}/", clients=4, rate=100).start()
    try:
        deploy(notes.stack, ARCHIVED, "blue", looked=seen.append)
        scene.record({"blue": ARCHIVED})
        assert scene.walk(take_back_after_deploy, to="1.2.3") is Outcome.ROLLED_BACK
    finally:
        tally = load.stop()
    assert seen == [10, 30, 50, 100]
    assert notes.serving() == "amber"
    assert tally.total.requests > 100
    assert dict(tally.total.lost) == {}


def test_a_release_that_never_becomes_healthy_gets_no_traffic(notes: NotesStage, tmp_path: Path) -> None:
    notes.scene(tmp_path)
    with pytest.raises(TimeoutError, match=r"1\.3\.0 in blue"):
        deploy(notes.stack, Release("1.3.0", Fault.UNHEALTHY), "blue", healthy_s=1)
    notes.held["blue"] = Release("1.3.0", Fault.UNHEALTHY)
    assert notes.serving() == "amber"
