"""However a path ends, the run comes to the right outcome, and leaves traffic where it says."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.files import replace_file
from blocks.routers import caddy_file
from blocks.store import Store
from domain.errors import BackoutError, StoreUnavailable, UnknownSlot
from domain.outcomes import Outcome
from domain.severity import Severity
from flows import path as runbook
from flows.conclude import conclude
from flows.path import take_back, take_back_now
from tasks.case import Case
from tasks.ended import Interrupted
from tasks.tell import announce
from tests.flows.stage import Scene, Stage

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that takes 64 KiB, and has 4 left."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    folder = tmp_path / "full"
    folder.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(argv, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    (folder / "ballast").write_bytes(b"x" * 60 * 1024)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def raising(error: BackoutError) -> Callable[..., Any]:
    def act(*_arguments: Any) -> None:
        raise error

    return act


def test_a_good_target_is_rolled_back_to(scene: Scene) -> None:
    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    assert scene.stage.serving() == "green"


def test_a_target_that_does_not_verify_is_left_again(spoiled: Scene) -> None:
    assert spoiled.walk(take_back) is Outcome.WENT_BACK
    assert spoiled.stage.serving() == "blue"
    assert "smoke" in spoiled.report()
    assert "checkout is broken" in spoiled.report()


def test_where_going_back_fails_too_both_errors_are_told(
    spoiled: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    renames: list[Path] = []

    def once(path: Path, data: bytes) -> None:
        if renames:
            raise OSError(28, "No space left on device")
        renames.append(path)
        replace_file(path, data)

    monkeypatch.setattr(caddy_file, "replace_file", once)
    assert spoiled.walk(take_back) is Outcome.STUCK
    assert spoiled.stage.serving() == "green"
    assert "smoke" in spoiled.report()
    assert "No space left on device" in spoiled.report()


def test_a_full_disk_in_preserve_holds_the_run_and_nothing_is_changed(
    stage: Stage, tmp_path: Path, full_disk: Path
) -> None:
    scene = stage.scene(tmp_path, evidence=str(full_disk))
    assert scene.walk(take_back) is Outcome.HELD
    assert stage.serving() == "blue"
    assert scene.data("switched") == []
    assert any("No space left" in entry["error"] for entry in scene.data("act failed"))


def test_evidence_that_cannot_be_kept_does_not_undo_an_emergency(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    scene = stage.scene(tmp_path, evidence=str(tmp_path / "file"))
    assert scene.walk(take_back_now) is Outcome.ROLLED_BACK
    assert stage.serving() == "green"


def test_an_error_after_the_switch_is_no_reason_to_say_that_nothing_changed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbook, "verify", raising(UnknownSlot(slot="green", known=["blue"])))
    assert scene.walk(take_back) is Outcome.WENT_BACK
    assert scene.stage.serving() == "blue"


def test_a_run_that_lost_the_lock_acts_no_more(scene: Scene) -> None:
    with scene.installation() as here:
        old = scene.case(here)
        new = scene.case(here)
        assert conclude(old, take_back)[0] is Outcome.SUPERSEDED
        assert scene.stage.serving() == "blue"
        assert scene.incident().outcome is None
        assert conclude(new, take_back)[0] is Outcome.ROLLED_BACK


def test_a_run_that_loses_the_lock_at_its_end_does_not_end_the_incident(scene: Scene) -> None:
    with scene.installation() as here:
        case = scene.case(here)

        def taken_over(case: Case) -> None:
            take_back(case)
            scene.case(here)

        assert conclude(case, taken_over)[0] is Outcome.SUPERSEDED
    assert scene.incident().outcome is None


def test_a_store_that_goes_away_leaves_the_incident_open(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = StoreUnavailable(what_it_is="the store", address="here", why="stopped")
    with monkeypatch.context() as patch:
        patch.setattr(Store, "check", raising(away))
        with pytest.raises(StoreUnavailable):
            scene.walk(take_back)
    assert scene.incident().outcome is None
    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    assert len(scene.data("switched")) == 1


@pytest.mark.parametrize("last", ["survey", "preserve", "switch", "verify"])
def test_ctrl_c_stops_after_the_current_act_and_the_same_command_goes_on(scene: Scene, last: str) -> None:
    with scene.installation() as here:
        case = scene.case(here)
        note = case.note

        def stop_at(kind: Any, **data: Any) -> None:
            note(kind, **data)
            if kind == "act started" and data["act"] == last:
                case.stopping.set()

        case.note = stop_at  # type: ignore[method-assign]
        with pytest.raises(Interrupted):
            conclude(case, take_back)
    assert scene.data("act done")[-1]["act"] == last
    assert scene.incident().outcome is None
    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    assert len(scene.data("switched")) == 1


def test_an_incident_that_waited_for_people_is_not_asked_about_without_prefect(scene: Scene) -> None:
    assert scene.walk(take_back, severity=Severity.HIGH) is Outcome.ROLLED_BACK
    assert scene.data("consent asked") == []


@pytest.mark.parametrize(("via", "told"), [("ui", False), ("automation", True)])
def test_a_mistyped_release_is_told_to_who_asked_and_calls_nobody(scene: Scene, via: str, told: bool) -> None:
    assert scene.walk(take_back, to="1.O", via=via) is Outcome.HELD
    [ending] = scene.data("ending")
    assert "no slot holds release '1.O' (in slots: 2.0, 1.0)" in ending["why"]
    with scene.installation() as here, here.store.database.transaction() as connection:
        posted = connection.execute(
            "SELECT count(*) AS n FROM outbox WHERE incident = %s", [scene.incident().id]
        )
        assert bool((posted.fetchone() or {})["n"]) is told


def test_people_are_told_once_that_it_began_however_often_the_run_comes_by(scene: Scene) -> None:
    with scene.installation() as here:
        case = scene.case(here)
        announce(case)
        announce(case)
    assert len(scene.data("announced")) == 1
