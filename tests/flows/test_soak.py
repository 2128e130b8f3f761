"""The watch after a rollback: what ends it, how, and what does not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.ledger import Hold
from blocks.platforms.processes import Processes
from domain.errors import Unreachable
from domain.findings import Finding, Verdict
from domain.release import Release
from flows import soak
from flows.path import take_back_now
from tasks import verify
from tasks.case import Case
from tasks.soak import look_again
from tests.flows.stage import Scene, Stage

FIRED = [Finding(name="health", on="router", verdict=Verdict.BAD, said="503")]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE_S", 0.01)
    monkeypatch.setattr(soak, "EVERY_S", 0.01)


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    made = stage.scene(tmp_path)
    made.walk(take_back_now, detection=FIRED)
    assert stage.serving() == "green"
    return made


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


@pytest.fixture
def watched(scene: Scene, here: Installation) -> Case:
    incident = scene.incident()
    return Case(here, scene.document, here.store, incident, Hold(scene.name, incident.id, 0), "soak")


def watch(case: Case, seconds: float = 0.0) -> tuple[str | None, str | None]:
    state = soak._watch(case, datetime.now(UTC) + timedelta(seconds=seconds), {})
    return state.name, state.message


def sick(stage: Stage) -> Path:
    return stage.folder / "green.unhealthy"


def test_what_serves_well_ends_well(watched: Case) -> None:
    assert watch(watched)[0] == "Stable"


def test_it_does_not_end_well_while_the_signal_that_fired_is_not_ok(
    watched: Case, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick(stage).touch()
    looks: list[int] = []

    def look(case: Case, *, every_check: bool = False) -> Any:
        looks.append(1)
        if len(looks) == 2:
            sick(stage).unlink()
        return seen(case, every_check=every_check)

    seen = look_again
    monkeypatch.setattr(soak, "look_again", look)
    assert watch(watched)[0] == "Stable"
    assert len(looks) == 2


def test_three_bad_looks_in_a_row_are_trouble(watched: Case, stage: Stage) -> None:
    sick(stage).touch()
    assert watch(watched, 3600)[0] == "Trouble"
    samples = [one for one in watched.ledger.entries(watched.incident.id) if one.kind == "watch sample"]
    assert len(samples) == 3


def test_a_look_that_cannot_be_made_is_no_data_and_no_end(
    watched: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [Unreachable(what_it_is="a host", address="here", why="refused")] * 5
    slot = Processes.slot

    def away(self: Processes, name: str) -> Any:
        if errors:
            raise errors.pop()
        return slot(self, name)

    monkeypatch.setattr(Processes, "slot", away)
    assert watch(watched)[0] == "Stable"
    assert not errors


def test_moved_traffic_is_trouble_at_once(watched: Case, stage: Stage) -> None:
    stage.give_traffic_to("blue")
    name, message = watch(watched, 3600)
    assert name == "Trouble"
    assert "traffic is on blue" in str(message)


def test_a_normal_new_release_takes_over(watched: Case, stage: Stage) -> None:
    watched.ledger.record(Release(application=watched.document.name, version="2.0"))
    stage.give_traffic_to("blue")
    name, message = watch(watched, 3600)
    assert name == "Superseded"
    assert "superseded by release 2.0" in str(message)


@pytest.mark.parametrize("slot", ["blue", "green"])
def test_a_new_release_that_nobody_recorded_takes_over_too(
    watched: Case, stage: Stage, monkeypatch: pytest.MonkeyPatch, slot: str
) -> None:
    monkeypatch.setattr(Processes, "_version", lambda _platform, name: "3.0" if name == slot else "1.0")
    stage.give_traffic_to(slot)
    name, message = watch(watched)
    assert (name, "superseded by release 3.0" in str(message)) == ("Superseded", True)


def test_the_release_that_was_rolled_back_from_is_no_new_one(watched: Case, stage: Stage) -> None:
    with watched.installation.store.database.transaction() as connection:
        connection.execute("DELETE FROM releases WHERE application = %s", [watched.document.name])
    stage.give_traffic_to("blue")
    assert watch(watched, 3600)[0] == "Trouble"
