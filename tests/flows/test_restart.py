"""What serves is restarted in place: on real processes behind a real Caddy, also where the run is killed in the middle."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from blocks import process
from blocks.platforms.processes import Processes
from blocks.restartable import DOWN
from domain.outcomes import Outcome
from domain.plan import Decision
from domain.request import RESTART, Request
from flows.cancelled import stop_here
from flows.conclude import conclude
from flows.path import restart_in_place, take_back
from tasks.assess import make_plan
from tasks.study_database import planned
from tasks.survey import survey
from tests.blocks.platforms.local_slots import pid_of
from tests.flows.killing import Runs
from tests.flows.stage import Scene, Stage

pytestmark = pytest.mark.usefixtures("impatient")

SESSION: dict[str, Any] = {"kind": "http", "name": "session", "path": "/session", "expect": {"status": 200}}
POINTS = [
    "restart",
    "note restarting",
    "start the program",
    "note restarted",
    "verify",
    "compare again",
    "close",
]
IN_THE_MIDDLE = ["start the program"]


class Stopped(BaseException):
    """As a signal that ends the run's process."""


class Shop(Scene):
    """All its runs ask for a restart unless they say otherwise."""

    def request(self, **fields: Any) -> Request:
        return super().request(**{"runbook": RESTART, **fields})

    @property
    def platform(self) -> Processes:
        found = self.document.platform
        assert isinstance(found, Processes)
        return found

    @property
    def instance(self) -> str:
        return self.platform.instances("blue")["blue"]

    def stuck(self) -> None:
        """A fault of the process that runs now: a new one is well."""
        pid = pid_of(self.platform, "blue")
        (self.stage.folder / "blue.stuck").write_text(str(pid))

    def unhealthy(self) -> None:
        (self.stage.folder / "blue.unhealthy").touch()


def each(steps: list[str]) -> list[Any]:
    """What comes after one step comes before the next: the other half only runs with the full matrix."""
    rest = [f"after {step}" for step in steps if step not in IN_THE_MIDDLE]
    chosen = [*(f"before {step}" for step in steps), *(f"after {step}" for step in IN_THE_MIDDLE)]
    return [*chosen, *(pytest.param(point, marks=pytest.mark.full_matrix) for point in rest)]


def a_shop(stage: Stage, folder: Path, **changes: Any) -> Shop:
    quick = {**stage.settings, "start_timeout_s": 1}
    made = stage.scene(folder, **{"platform": quick, "checks": [SESSION], **changes})
    shop = Shop.__new__(Shop)
    shop.__dict__.update(made.__dict__)
    return shop


@pytest.fixture
def shop(stage: Stage, tmp_path: Path) -> Shop:
    return a_shop(stage, tmp_path)


def test_what_serves_is_a_new_process_of_the_same_release_and_users_are_well_again(shop: Shop) -> None:
    shop.stuck()
    before, restarts = shop.instance, shop.platform.slot("blue").restarts
    assert shop.walk(restart_in_place) is Outcome.RESTARTED, shop.data("ending")
    assert shop.instance not in (before, DOWN)
    blue = shop.platform.slot("blue")
    assert (shop.stage.serving(), blue.version, blue.restarts) == ("blue", "2.0", restarts + 1)
    assert [row["instances"] for row in shop.data("restarting")] == [{"blue": before}]
    assert [row["better"] for row in shop.data("compared again")] == [True]
    assert shop.data("switched") == []
    with shop.installation() as here:
        assert [row.version for row in here.store.releases(shop.name) if row.quarantined_by] == []
    report = shop.report()
    assert "**Restart**, because:" in report
    assert "2.0 in blue stays where it is" in report
    assert "blue was restarted: blue" in report
    assert "| session | router | **BAD** http 500" in report
    assert "| met |" in report


@pytest.mark.parametrize("fault", ["stuck in every process", "unhealthy"])
def test_where_users_are_no_better_off_it_says_so_and_moves_nothing(shop: Shop, fault: str) -> None:
    if fault == "unhealthy":
        shop.unhealthy()
    else:
        shop.raw["checks"] = [{**SESSION, "path": "/widget"}]
        (shop.stage.folder / "blue.incompatible").touch()
    assert shop.walk(restart_in_place) is Outcome.RESTART_FAILED
    assert (shop.stage.serving(), shop.data("switched"), shop.data("went back")) == ("blue", [], [])
    [ending] = shop.data("ending")
    assert ("is not healthy" if fault == "unhealthy" else "users see the same as before") in ending["why"]
    assert f"backout rollback {shop.name}" in shop.report()


def test_what_was_killed_is_started(shop: Shop) -> None:
    os.kill(pid_of(shop.platform, "blue"), signal.SIGKILL)
    assert shop.walk(restart_in_place) is Outcome.RESTARTED
    assert shop.platform.slot("blue").running


def test_a_dry_run_shows_the_plan_and_changes_nothing(shop: Shop) -> None:
    before = shop.instance
    with shop.installation() as here:
        plan = planned(here, shop.document, shop.request(dry_run=True))
    assert (plan.decision, plan.to_slot, shop.instance) == (Decision.RESTART, "blue", before)


def test_a_rollback_offers_it(shop: Shop) -> None:
    with shop.installation() as here:
        case = shop.case(here, runbook="rollback", severity=None)
        assert make_plan(case, survey(case)).offers == ["restart", "hotfix"]


def test_it_holds_where_traffic_was_moved_while_people_were_asked(shop: Shop) -> None:
    before = shop.instance
    with shop.installation() as here:
        case = shop.case(here)
        make_plan(case, survey(case))
        shop.stage.give_traffic_to("green")
        outcome, why = conclude(case, restart_in_place)
    assert outcome is Outcome.HELD
    assert "green has the traffic by now, not 2.0 in blue" in why
    assert shop.instance == before


def test_a_rollback_after_it_goes_the_usual_way(shop: Shop) -> None:
    shop.unhealthy()
    assert shop.walk(restart_in_place) is Outcome.RESTART_FAILED
    assert shop.walk(take_back, "second", runbook="rollback") is Outcome.ROLLED_BACK
    assert shop.stage.serving() == "green"


@pytest.mark.parametrize("point", each(POINTS))
def test_killed_anywhere_it_ends_restarted_once(shop: Shop, tmp_path: Path, point: str) -> None:
    shop.stuck()
    before, pid = shop.platform.slot("blue").restarts, pid_of(shop.platform, "blue")
    runs = Runs(shop, restart_in_place, tmp_path)
    runs.start(dies_at=point)
    runs.start("first" if point == "after close" else "again")
    process.exit_code(pid)  # what a killed child of this test ended is ours to reap
    blue = shop.platform.slot("blue")
    assert (shop.stage.serving(), blue.running, blue.restarts) == ("blue", True, before + 1)
    with shop.installation() as here:
        [*_, first] = here.store.incidents(shop.name)
        assert first.outcome is Outcome.RESTARTED
        assert here.store.problems(first.id) == []


@pytest.mark.parametrize(("sick", "outcome"), [(False, Outcome.RESTARTED), (True, Outcome.RESTART_FAILED)])
def test_cancelled_in_the_middle_what_was_stopped_is_started_and_looked_at(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, sick: bool, outcome: Outcome
) -> None:
    def stopped(platform: Processes, _slot: str, _instances: dict[str, str]) -> None:
        os.kill(pid_of(platform, "blue"), signal.SIGKILL)
        raise Stopped

    with shop.installation() as here:
        begun = shop.case(here)
        with monkeypatch.context() as patch:
            patch.setattr(Processes, "restart_serving", stopped)
            with pytest.raises(Stopped):
                conclude(begun, restart_in_place)
        if sick:
            shop.unhealthy()
        ended, why = conclude(shop.case(here), stop_here)
    assert ended is outcome
    assert "cancelled in Prefect's UI in a restart" in why
    assert (shop.stage.serving(), shop.platform.slot("blue").running) == ("blue", True)
