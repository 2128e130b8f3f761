"""promote, and "Scenario 2: Staging Validation Failure": with the stack's own `staging-api-gateway`, as a person types it."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from domain.outcomes import Outcome
from examples.demo.load import Load
from examples.flappyjournal.images import Version
from examples.flappyjournal.stack import SLOTS, STAGING
from examples.flappyjournal.staging import RESULTS, stage
from tests.systems.deploys import QUICK
from tests.systems.flappyjournal.shell import Shell
from tests.systems.flappyjournal.system import JournalScene, System

pytestmark = pytest.mark.engine
NUMBERS = count(1)


class Promotion:
    """Production on the stack, its staging, and users of production."""

    def __init__(self, scene: JournalScene, folder: Path) -> None:
        self.scene = scene
        self.number = next(NUMBERS)
        self.staging = f"flappyjournal/s{self.number}"
        scene.raw["deploy"] = {**scene.raw["deploy"], **QUICK}
        scene.raw.pop("database")  # its backup and the rehearsal take longer than all the rest
        self.shell = Shell(scene, folder, {**scene.stack.raw("staging"), "name": self.staging})
        self.shell.apply()

    def stage(self, fault: str = "none") -> tuple[Version, list[str]]:
        """What CI does: a new release is built, started and tested on staging; it, and which tests failed."""
        made = Version(f"v4.{self.number}", fault)
        return made, stage(self.scene.stack, made)

    def promote(self, code: int) -> Any:
        """`backout promote`; what it printed. Users of production notice nothing."""
        users = Load(f"{self.scene.stack.address}/", clients=2, rate=40).start()
        try:
            return self.shell.json("promote", "--from", self.staging, "--reason", "sprint 12", code=code)
        finally:
            counted = users.stop().total
            assert counted.requests > counted.lost.total() + counted.errors == 0, counted.document()

    def stands(self) -> list[Any]:
        """All that a deploy changes of production: the route, containers, releases, variables."""
        platform, stack = self.scene.platform, self.scene.stack
        slots = [(platform.slot(name), self.scene.containers(name), stack.version(name)) for name in SLOTS]
        return [platform.route(), *slots]

    def kept(self) -> dict[str, str]:
        """The validation's evidence: file -> text."""
        found = self.scene.home.evidence.rglob(f"*{self.scene.incident().id}*/validation/*")
        return {file.name: file.read_text() for file in found}


@pytest.fixture
def promotion(
    scene: JournalScene, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Promotion:
    monkeypatch.setenv("BACKOUT_HOME", str(system.home.root))
    return Promotion(scene, tmp_path)


def test_what_fails_on_staging_stops_the_promotion_and_leaves_production_untouched(
    promotion: Promotion,
) -> None:
    _, failed = promotion.stage("errors")
    before = promotion.stands()
    said = promotion.promote(code=1)
    assert said["outcome"] == Outcome.HELD
    assert f"cypress: {len(failed)} of 5 tests failed" in said["why"]
    assert promotion.stands() == before
    kept = promotion.kept()
    assert set(kept) == {RESULTS, "staging.log"}
    assert failed[0] in kept[RESULTS]
    assert "GET / answered 500" in kept["staging.log"]
    assert "cypress" in (promotion.scene.folder / "messages.log").read_text()


@pytest.mark.full_matrix
def test_what_passes_on_staging_gets_all_traffic_of_production(promotion: Promotion) -> None:
    release, failed = promotion.stage()
    assert failed == []
    assert promotion.promote(code=0)["outcome"] == Outcome.DEPLOYED
    platform = promotion.scene.platform
    assert (platform.route().served, platform.slot("green").version) == ({"green": 100}, release.name)
    [validated] = promotion.scene.data("validated")
    assert [row["name"] for row in validated["findings"]] == ["health", "cypress"]


@pytest.mark.full_matrix
def test_staging_that_went_down_since_its_tests_is_not_promoted(promotion: Promotion) -> None:
    """The release is known by its container, also of one that is down."""
    promotion.stage()
    promotion.scene.stack.project.run("stop", STAGING, timeout_s=60)
    before = promotion.stands()
    said = promotion.promote(code=1)
    assert said["outcome"] == Outcome.HELD
    assert "health: http 502" in said["why"]
    assert promotion.stands() == before


@pytest.mark.full_matrix
def test_staging_has_nothing_to_go_back_to(promotion: Promotion) -> None:
    """One slot alone: a rollback of it is held, and a deploy to it too."""
    promotion.stage()
    shell = promotion.shell
    shell.name = promotion.staging
    assert shell.json("status")["serving"] == "staging"
    asked = ("--severity", "critical", "--reason", "as if it were production")
    assert shell.json("rollback", *asked, code=1)["outcome"] == Outcome.HELD
    held = shell.json("deploy", "v9.9", code=1)
    assert "there is no idle slot to put it into" in held["why"]
