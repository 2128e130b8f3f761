"""A watch that ended well is evidence, and what the next plan says of it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.platforms.processes import Processes
from domain.errors import EngineUnavailable
from domain.outcomes import Outcome
from domain.release import Release
from domain.request import Kind
from domain.severity import Severity
from flows.path import take_back
from tests.flows.deploy_stage import NEW, QUICK, DeployScene, DeployStage
from tests.flows.deployed import Runs, deployed, first, journal, recorded, watch

pytestmark = pytest.mark.usefixtures("impatient", "runs")
BACK: dict[str, Any] = {
    "runbook": "rollback", "kind": Kind.ROLLBACK, "to": None, "severity": Severity.CRITICAL,
}  # fmt: skip


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path) -> DeployScene:
    return deployed(tenths, tmp_path)


@pytest.fixture
def here(shop: DeployScene) -> Iterator[Installation]:
    with shop.installation() as here:
        yield here


def test_a_good_end_commits_the_release_once(shop: DeployScene, here: Installation, runs: Runs) -> None:
    shop.raw["deploy"] = {**QUICK, "good_after_s": 0}
    name, message = watch(shop, here, 0)
    assert (name, f"{NEW} is committed" in message) == ("Stable", True)
    good, deploy = recorded(shop, here, NEW), first(shop, here)
    assert (good.good_by, good.good_since) == (deploy.id, deploy.closed_at)
    assert recorded(shop, here, "2.0").good_since is None
    watch(shop, here, 0)
    assert [row["release"] for row in journal(shop, here, "committed")] == [NEW]
    assert runs.by_key == {}


def test_the_last_releases_are_held_with_the_commit(
    shop: DeployScene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[tuple[str, list[str]]] = []

    def pin(_platform: Processes, application: str, releases: Sequence[Release]) -> list[str]:
        held.append((application, [row.version for row in releases]))
        return [f"{row.version}: held" for row in releases]

    monkeypatch.setattr("tasks.pin.Pins", Processes)
    monkeypatch.setattr(Processes, "pin", pin, raising=False)
    shop.raw["deploy"] = {**QUICK, "good_after_s": 0, "pinned": 2}
    _name, message = watch(shop, here, 0)
    assert held == [(shop.name, [NEW, "2.0"])]
    assert journal(shop, here, "committed")[0]["pinned"] == [f"{NEW}: held", "2.0: held"]
    assert f"{NEW}: held; 2.0: held" in message


@pytest.mark.parametrize(
    "error",
    [
        EngineUnavailable(what_it_is="Docker engine", address="unix:///nowhere", why="it is gone"),
        KeyError("Id"),
    ],
)
def test_what_cannot_be_held_stops_no_commit(
    shop: DeployScene, here: Installation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def pin(*_asked: object) -> list[str]:
        raise error

    monkeypatch.setattr("tasks.pin.Pins", Processes)
    monkeypatch.setattr(Processes, "pin", pin, raising=False)
    shop.raw["deploy"] = {**QUICK, "good_after_s": 0}
    name, message = watch(shop, here, 0)
    assert (name, f"{NEW} is committed" in message) == ("Stable", True)
    assert "could not be held" in message


def test_a_watch_that_was_too_short_is_no_evidence(shop: DeployScene, here: Installation) -> None:
    assert "no evidence yet: it takes 30 min" in watch(shop, here, 0)[1]
    assert recorded(shop, here, NEW).good_since is None


def test_while_the_watch_slept_nobody_saw_it_serve_well(shop: DeployScene, here: Installation) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=15)
    here.store.record(Release(application=shop.name, version=NEW, slot="green", recorded_at=long_ago))
    with here.store.database.transaction() as connection:
        moved = "UPDATE incidents SET closed_at = %s WHERE id = %s"
        connection.execute(moved, [long_ago, first(shop, here).id])
    name, message = watch(shop, here, 0)
    assert (name, "no evidence yet: it takes 30 min" in message) == ("Stable", True), message
    assert recorded(shop, here, NEW).good_since is None


@pytest.mark.parametrize("known", [True, False])
def test_the_plan_of_the_way_back_says_what_is_known(
    shop: DeployScene, here: Installation, known: bool
) -> None:
    began = recorded(shop, here, "2.0").served_since
    assert began is not None
    if known:
        here.store.good(shop.name, "2.0", began, began + timedelta(minutes=30), "the watch")
    assert shop.walk(take_back, "back", **BACK) is Outcome.ROLLED_BACK
    plan = here.store.incidents(shop.name)[0].plan
    assert plan is not None
    [said] = [row for row in plan.why if row.startswith("2.0: ")]
    assert said.endswith("good for the first 30 min" if known else "no evidence that it served well")
