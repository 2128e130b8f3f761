"""Readiness turns red for each cause, one by one, and green again: on real slots, a real Caddy, a real PostgreSQL."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from blocks import configuration
from blocks.document import Document
from blocks.installation import Installation
from blocks.platforms.processes import Processes
from blocks.postgres import backups as kept_backups
from blocks.store import drills
from blocks.store import readiness as kept
from domain.checkup import Checkup
from domain.drill import Drill, Figures
from domain.errors import PrefectUnavailable
from domain.findings import Verdict
from domain.outcomes import Outcome
from domain.readiness import Check, Readiness
from tasks.back_up import take_backup
from tasks.look import at_slot
from tasks.readiness import CHECKS, Looked, look
from tasks.readiness_known import Known
from tasks.rehearse import rehearse_last
from tasks.tell_readiness import keep_and_tell
from tests.flows.demo_stage import DemoScene, DemoStage
from tests.flows.readiness_faults import FAULTS
from tests.flows.stage import Scene, Stage

PREFECT = "http://127.0.0.1:4200/api"


@pytest.fixture(scope="module")
def scene(demo: DemoStage, tmp_path_factory: pytest.TempPathFactory) -> DemoScene:
    """Ready: the way down was rehearsed, and a backup was just taken."""
    made = demo.scene(tmp_path_factory.mktemp("ready"), "lossy")
    with made.installation() as here:
        take_backup(here, made.document, "manual")
        rehearse_last(here, made.document)
    return made


def looked(scene: Scene, **changes: Any) -> Readiness:
    return look_at(scene, **changes).readiness


def look_at(scene: Scene, **changes: Any) -> Looked:
    environment = scene.demo.stack.environment if isinstance(scene, DemoScene) else {}

    def describe() -> Document:
        return configuration.document({**scene.raw, **changes}, "a test", environment)

    with scene.installation() as here:
        return look(here, scene.name, describe, lambda: PREFECT)


@pytest.mark.parametrize("cause", FAULTS)
def test_it_turns_red_for_each_cause_and_green_again(scene: DemoScene, cause: str) -> None:
    with FAULTS[cause](scene) as changes:
        red = looked(scene, **changes)
    name = cause.partition(",")[0]
    found = {check.name: check for check in red.checks}
    assert not red.ready
    assert found[name].verdict is Verdict.BAD, red.said
    assert found[name].next_steps, "it says what to do"
    assert [check.name for check in red.causes if check.verdict is Verdict.BAD] == [name], (
        "and no other is bad"
    )
    green = looked(scene)
    assert green.ready, green.said


def test_a_slot_that_is_down_is_ready_where_it_can_be_started(stage: Stage, tmp_path: Path) -> None:
    """Of an application without a database."""
    scene = stage.scene(tmp_path)
    platform = json.loads(json.dumps(scene.raw["platform"]))
    platform["slots"]["green"]["command"][0] = "/nowhere/python"
    stage.platform.stop("green")
    try:
        startable, broken = looked(scene), looked(scene, platform=platform)
    finally:
        stage.platform.prepare("green", lambda slot: at_slot(scene.document, slot))
    assert {check.name: check.said for check in startable.checks}[
        "slot"
    ] == "is down and can be started; a rollback starts it first"
    assert startable.ready, startable.said
    [slot] = broken.causes
    assert (
        slot.said
        == "green: is down, and cannot be started: program /nowhere/python is not there, or may not be run"
    )
    assert looked(scene).ready


def test_how_long_it_takes_is_by_drills_elsewhere_where_it_never_went_back(
    stage: Stage, tmp_path: Path
) -> None:
    scene = stage.scene(tmp_path)
    at = datetime.now(UTC)
    figures = Figures(decide_s=600, switch_s=4, verify_s=1)
    drill = Drill(id=scene.name, application=f"{scene.name}-drilled", run="r", fault="errors", until=at)
    with scene.installation() as here:
        assert drills.begin(here.store.database, drill)
        ended = {"ended_at": at, "outcome": Outcome.ROLLED_BACK, "figures": figures}
        drills.keep(here.store.database, drill.model_copy(update=ended))
    seen = looked(scene)
    assert drill.application in seen.eta_of
    [eta] = [check for check in seen.checks if check.name == "eta"]
    assert eta.verdict is Verdict.OK
    assert seen.eta_s is not None


def test_a_slot_that_is_not_healthy_is_no_way_back(stage: Stage, tmp_path: Path) -> None:
    scene = stage.scene(tmp_path)
    (stage.folder / "green.unhealthy").touch()
    assert [check.name for check in looked(scene).causes] == ["slot"]
    (stage.folder / "green.unhealthy").unlink()
    assert looked(scene).ready


def test_a_check_that_hangs_is_said_to_and_the_others_are_seen(scene: DemoScene) -> None:
    over = threading.Event()

    def hangs(_known: Known) -> list[Checkup]:
        over.wait(60)
        return []

    checks = {"lock": CHECKS["lock"], "store": CHECKS["store"], "router": hangs}
    with scene.installation() as here:
        document = configuration.document(
            {**scene.raw, "readiness": {"limit_s": 0.5}}, "a test", scene.demo.stack.environment
        )
        seen = look(here, scene.name, lambda: document, lambda: PREFECT, checks).readiness
    over.set()
    said = {check.name: check.said for check in seen.checks}
    assert said["router"].endswith("hangs: no answer within 0.5 s")
    assert [check.name for check in seen.causes] == ["router"]


def restorable(scene: DemoScene, **settings: Any) -> Check:
    checks = {"restorable": CHECKS["restorable"]}
    with scene.installation() as here:
        raw = {**scene.raw, "readiness": settings}
        document = configuration.document(raw, "a test", scene.demo.stack.environment)
        [found] = look(here, scene.name, lambda: document, lambda: PREFECT, checks).readiness.checks
    return found


def test_no_look_reads_a_backup_and_what_was_known_of_it_stands(
    scene: DemoScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reads(*_arguments: Any) -> NoReturn:
        pytest.fail("a look must not wait for it")

    with monkeypatch.context() as patch:
        patch.setattr(kept_backups, "verify", reads)
        assert restorable(scene).verdict is Verdict.OK, "it was read when it was taken"
        assert restorable(scene, read_backup_every_h=1e-9).verdict is Verdict.OK, "old, and still known"
        assert scene.read_backup() is None, "nothing is due"
        touched = next(path for path in Path(scene.backups()[0].path).rglob("*.dat*"))
        touched.touch()
        unread = restorable(scene)
    assert unread.verdict is Verdict.NO_DATA
    assert unread.said.endswith("was not read yet as it is now")
    assert unread.next_steps == [f"backout db verify APP {scene.backups()[0].name}"]
    assert scene.read_backup() is not None
    assert restorable(scene).verdict is Verdict.OK


def test_a_run_that_is_alive_keeps_nobody_from_going_back(scene: DemoScene) -> None:
    """As each deploy does, and each rollback that waits for consent."""
    with scene.installation() as here:
        case = scene.case(here, "who waits for people")
        here.store.wait(case.hold, datetime.now(UTC) + timedelta(hours=1))
        seen = looked(scene)
        here.store.close(case.hold, Outcome.HELD)
    assert seen.ready, seen.said
    [said] = [check.said for check in seen.checks if check.name == "lock"]
    assert said == f"incident {case.incident.id} has it: a rollback joins it or goes before it"


def test_where_prefect_is_away_it_is_not_ready(scene: DemoScene) -> None:
    def away() -> str:
        raise PrefectUnavailable("Prefect", PREFECT, "ConnectError")

    with scene.installation() as here:
        seen = look(here, scene.name, lambda: scene.document, away).readiness
    assert [check.name for check in seen.causes] == ["Prefect"]


def told(here: Installation, scene: DemoScene) -> list[str]:
    query = "SELECT message FROM outbox WHERE message ->> 'application' = %s AND incident IS NULL ORDER BY id"
    with here.store.database.transaction() as connection:
        return [row["message"]["title"] for row in connection.execute(query, [scene.name])]


def test_people_are_told_of_a_change_once_and_not_at_a_flutter(
    scene: DemoScene,
) -> None:
    red = look_at(scene, readiness={"backup_max_age_h": 1e-9})
    green = look_at(scene)
    at = datetime(2026, 11, 20, tzinfo=UTC)

    def keep(found: Looked) -> bool:
        nonlocal at
        at += timedelta(minutes=15)
        seen = Looked(found.readiness.model_copy(update={"at": at}), found.document)
        with scene.installation() as here:
            return keep_and_tell(here, seen).told

    assert [keep(one) for one in (green, red, green)] == [False] * 3, "one look alone is no change"
    assert [keep(one) for one in (red, red, red)] == [False, True, False]
    assert [keep(one) for one in (green, green, green)] == [False, True, False]
    with scene.installation() as here:
        titles = told(here, scene)
        record = kept.of(here.store.database, scene.name)
    assert titles == [f"⚠️ WARNING: {scene.name} cannot go back now", f"✅ {scene.name} can go back again"]
    assert record is not None
    assert record.told


def test_a_release_that_was_to_be_held_and_is_gone_is_named(
    scene: DemoScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = {"1.0": "its image is not on this host any more"}
    monkeypatch.setattr("tasks.readiness_target.Pins", Processes)
    monkeypatch.setattr(Processes, "lost", lambda _self, row: gone.get(row.version, ""), raising=False)
    now = datetime.now(UTC)
    with scene.installation() as here:
        here.store.good(scene.name, "1.0", now - timedelta(hours=1), now, "the watch")
    [pins] = [check for check in looked(scene).causes if check.name == "pinned"]
    assert "1.0: its image is not on this host any more" in pins.said
    gone.clear()
    assert looked(scene).ready


def test_all_is_well(scene: DemoScene) -> None:
    seen = looked(scene)
    assert seen.ready, [check.said for check in seen.causes]
    assert {check.name for check in seen.checks} == set(CHECKS) - {"pinned"}, (
        "nothing has to be held for programs of this host"
    )
    assert seen.target == "1.0 in green"
