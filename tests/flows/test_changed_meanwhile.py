"""What changed between the plan and its acts: a slot, a quarantine, traffic, and the way back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blocks.databases.postgresql import Postgresql
from domain.findings import Finding, Verdict
from domain.outcomes import Outcome
from domain.request import Kind
from flows import path as runbook
from flows.conclude import conclude
from flows.path import take_back, take_back_now
from tasks import switch as switching
from tasks.case import Case
from tests.flows.killing import Runs
from tests.flows.stage import ONLY_BLUE_PASSES, Scene, Stage

pytestmark = pytest.mark.usefixtures("impatient")


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: str, happens: Any) -> None:
    """Something happens right before an act of the path."""
    original = getattr(runbook, act)

    def changed(case: Case, *arguments: Any) -> Any:
        happens(case)
        return original(case, *arguments)

    monkeypatch.setattr(runbook, act, changed)


def deploy_another(monkeypatch: pytest.MonkeyPatch) -> Any:
    def deploy(case: Case) -> None:
        kind = type(case.document.platform)
        slot = kind.slot

        def found(self: Any, name: str) -> Any:
            known = slot(self, name)
            return known.model_copy(update={"version": "3.0"}) if name == "green" else known

        monkeypatch.setattr(kind, "slot", found)

    return deploy


@pytest.mark.parametrize("act", ["prepare", "switch"])
def test_a_slot_that_holds_another_release_by_now_gets_no_traffic(
    scene: Scene, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, act, deploy_another(monkeypatch))
    assert scene.walk(take_back) is Outcome.HELD
    assert scene.stage.serving() == "blue"
    assert "green now holds 3.0, not 1.0 as planned" in scene.data("ending")[0]["why"]


def test_a_release_that_went_into_quarantine_gets_no_traffic(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(
        monkeypatch, "prepare", lambda case: case.ledger.quarantine(scene.name, "1.0", case.incident.id)
    )
    assert scene.walk(take_back) is Outcome.HELD
    assert scene.stage.serving() == "blue"
    assert "quarantined" in scene.data("ending")[0]["why"]


def test_a_trigger_does_not_try_twice_what_did_not_verify(spoiled: Scene) -> None:
    assert spoiled.walk(take_back, via="automation") is Outcome.WENT_BACK
    assert spoiled.walk(take_back, "second", via="automation") is Outcome.HELD
    assert spoiled.walk(take_back, "third") is Outcome.WENT_BACK


def test_traffic_stays_on_the_only_healthy_copy(stage: Stage, spoiled: Scene) -> None:
    (stage.folder / "blue.unhealthy").touch()
    assert spoiled.walk(take_back) is Outcome.STUCK
    assert stage.serving() == "green"
    assert "stays on green: blue is not healthy" in spoiled.data("ending")[0]["why"]


def test_where_both_are_unhealthy_traffic_returns(
    stage: Stage, spoiled: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(_case: Case) -> None:
        for slot in ("blue", "green"):
            (stage.folder / f"{slot}.unhealthy").touch()

    meanwhile(monkeypatch, "verify", spoil)
    assert spoiled.walk(take_back) is Outcome.WENT_BACK
    assert stage.serving() == "blue"


def test_a_check_that_was_bad_before_does_not_undo_a_rollback(stage: Stage, tmp_path: Path) -> None:
    checks = [{"kind": "http", "name": "smoke", "path": "/smoke", "expect": {"status": 418}}]
    scene = stage.scene(tmp_path, checks=checks)
    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    assert "smoke" in scene.report()


@pytest.mark.parametrize("path", [take_back, take_back_now])
def test_a_database_that_is_away_does_not_undo_a_rollback(
    stage: Stage, tmp_path: Path, path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Finding(
        name="database", on="database", verdict=Verdict.BAD, said="too many connections", symptom="many"
    )
    monkeypatch.setattr(Postgresql, "observe", lambda _self: [away])
    scene = stage.scene(tmp_path, database={"kind": "postgresql", "url": stage.url})
    assert scene.walk(path) is Outcome.ROLLED_BACK
    assert "too many connections" in scene.report()


def roll_back_from_3_0(scene: Scene) -> None:
    """An earlier incident went back from a release that is gone by now."""
    with scene.installation() as here:
        here.store.served(scene.name, "3.0", datetime.now(UTC))
        here.store.quarantine(scene.name, "3.0", "earlier")


def test_an_emergency_after_a_rollback_looks_at_what_serves(stage: Stage, scene: Scene) -> None:
    roll_back_from_3_0(scene)
    assert scene.walk(take_back_now, kind=Kind.EMERGENCY) is Outcome.NOTHING_TO_DO
    (stage.folder / "blue.unhealthy").touch()
    assert scene.walk(take_back_now, "second", kind=Kind.EMERGENCY) is Outcome.ROLLED_BACK
    assert stage.serving() == "green"


@pytest.mark.parametrize(
    ("act", "outcome", "serving"),
    [
        ("survey", Outcome.HELD, "blue"),
        ("prepare", Outcome.HELD, "blue"),
        ("verify", Outcome.WENT_BACK, "blue"),
    ],
)
def test_an_error_that_nobody_expected_ends_as_any_other(
    scene: Scene, act: str, outcome: Outcome, serving: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(_case: Case) -> None:
        raise KeyError("the slot at postgresql://shop:hush@db")

    meanwhile(monkeypatch, act, defect)
    assert scene.walk(take_back) is outcome
    assert scene.stage.serving() == serving
    [noted] = [entry for entry in scene.data("act failed") if entry["act"] == "path"]
    assert "KeyError" in noted["error"]
    assert "hush" not in str(noted) + scene.report()


@pytest.mark.parametrize(
    ("spoil", "outcome"), [(False, Outcome.NOTHING_TO_DO), (True, Outcome.HELD)], ids=["good", "bad"]
)
def test_a_persons_switch_is_neither_claimed_nor_undone(
    stage: Stage, tmp_path: Path, outcome: Outcome, monkeypatch: pytest.MonkeyPatch, *, spoil: bool
) -> None:
    scene = stage.scene(tmp_path, checks=ONLY_BLUE_PASSES if spoil else [])
    meanwhile(monkeypatch, "prepare", lambda _case: stage.give_traffic_to("green"))
    assert scene.walk(take_back) is outcome
    assert stage.serving() == "green"
    assert [entry["receipt"]["changed"] for entry in scene.data("switched")] == [False]
    assert scene.data("went back") == []
    assert "somebody else moved traffic to green" in scene.data("ending")[0]["why"]


def test_a_switch_that_fails_after_it_moved_traffic_is_not_called_no_change(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = switching.move

    def late(case: Case, *arguments: Any, **more: Any) -> None:
        move(case, *arguments, **more)
        raise OSError("the folder cannot be synced")

    with scene.installation() as here:
        case = scene.case(here)
        monkeypatch.setattr(switching, "move", late)
        outcome, _ = conclude(case, take_back)
    assert (outcome, scene.stage.serving()) == (Outcome.WENT_BACK, "blue")


def test_a_run_without_the_store_knows_that_a_switch_was_begun(scene: Scene) -> None:
    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    with scene.installation() as here:
        mirrored = (here.local(scene.name).folder / "mirrored.jsonl").read_text()
    assert '"act":"switch"' in mirrored.replace(" ", "")


@pytest.mark.parametrize("dies_at", ["before preserve", "before prepare"])
def test_a_run_that_was_killed_before_its_switch_does_not_claim_a_persons(
    stage: Stage, tmp_path: Path, dies_at: str
) -> None:
    runs = Runs(stage.scene(tmp_path, checks=ONLY_BLUE_PASSES), take_back, tmp_path)
    runs.start(dies_at=dies_at)
    stage.give_traffic_to("green")
    runs.start()
    assert runs.scene.incident().outcome is Outcome.HELD
    assert (stage.serving(), runs.renames()) == ("green", 0)
