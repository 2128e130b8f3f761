"""A new release gets the traffic by steps: on real processes behind a real Caddy that shares traffic out."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from blocks.platforms.processes import Processes
from domain.errors import InTheWay
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Decision
from domain.release import Release
from domain.request import Kind
from domain.severity import Severity
from examples.demo.load import Load
from flows.cancelled import stop_here
from flows.conclude import conclude
from flows.path import go_forward, take_back
from tasks.analyse import watch_release
from tasks.study_database import planned
from tests.blocks.platforms.local_slots import pid_of
from tests.flows.deploy_stage import NEW, QUICK, DeployScene, DeployStage

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path) -> DeployScene:
    return tenths.deploy_scene(tmp_path)


def steps(shop: DeployScene) -> list[int]:
    """The shares that green was given."""
    return [row["shares"]["green"] for row in shop.data("shifted")]


def test_a_good_release_gets_all_traffic_by_steps(shop: DeployScene) -> None:
    load = Load(f"{shop.document.platform.address}/page", clients=2, rate=50).start()
    try:
        assert shop.walk(go_forward) is Outcome.DEPLOYED, shop.data("ending")
    finally:
        counted = load.stop().total
    assert counted.requests > 0
    assert (counted.lost.total(), counted.errors) == (0, 0), counted.document()
    assert steps(shop) == [10, 30, 50, 100]
    assert [row["verdict"] for row in shop.data("judged")] == ["ok"] * 4
    assert shop.stage.shares() == {"green": 100}
    assert shop.stage.platform.slot("green").version == NEW
    with shop.installation() as here:
        known = {row.version: row for row in here.store.releases(shop.name)}
    assert known[NEW].served_since is not None
    assert known[NEW].recorded_by == "ann"
    report = shop.report()
    assert "way back: 2.0 in blue" in report
    assert "green 10 %" in report


@pytest.mark.parametrize(
    ("fault", "path", "share", "why"),
    [("incompatible", "/widget", 10, "failed"), ("slow", "/page", 50, "took more than")],
    ids=["errors at 10 %", "latency at 50 %"],
)
def test_a_bad_step_takes_all_traffic_back_at_once(
    shop: DeployScene, monkeypatch: pytest.MonkeyPatch, fault: str, path: str, share: int, why: str
) -> None:
    shop.raw["deploy"] = {**QUICK, "path": path}
    shop.at(share, monkeypatch, lambda: shop.fault(fault, "0.3"))
    load = Load(f"{shop.document.platform.address}/health", clients=2, rate=50).start()
    try:
        assert shop.walk(go_forward) is Outcome.WENT_BACK, shop.data("ending")
    finally:
        counted = load.stop().total
    assert (counted.lost.total(), counted.errors) == (0, 0), counted.document()
    assert steps(shop)[-1] == share
    assert why in shop.data("judged")[-1]["said"]
    assert (shop.stage.shares(), len(shop.data("went back")), shop.data("switched")) == ({"blue": 100}, 1, [])
    assert why in shop.report()
    assert shop.quarantined() == shop.incident().id


def test_a_crash_after_all_traffic_takes_it_back(shop: DeployScene, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.raw["deploy"] = {**QUICK, "watch_s": 20}
    killed: list[int] = []

    def crash(*_arguments: Any) -> None:
        killed.append(pid_of(shop.stage.platform, "green"))
        os.kill(killed[0], signal.SIGKILL)
        os.waitpid(killed[0], 0)

    monkeypatch.setattr("flows.path.watch_release", _after(crash))
    assert shop.walk(go_forward) is Outcome.WENT_BACK, shop.data("ending")
    assert (steps(shop)[-1], len(shop.data("switched")), shop.stage.shares()) == (100, 1, {"blue": 100})
    assert [row["ok"] for row in shop.data("verified")] == [True]
    assert shop.quarantined() == shop.incident().id
    assert shop.walk(go_forward, "again") is Outcome.HELD


def _after(act: Any) -> Any:
    def watched(case: Any, plan: Any) -> None:
        act()
        watch_release(case, plan)

    return watched


def test_a_step_without_data_goes_back_in_the_end(shop: DeployScene) -> None:
    shop.raw["deploy"] = {**QUICK, "wait_s": 0.05, "limits": {"requests": 100_000}}
    assert shop.walk(go_forward) is Outcome.WENT_BACK
    assert (steps(shop), shop.stage.shares()) == ([10], {"blue": 100})
    assert "no data within" in shop.data("judged")[-1]["said"]
    assert shop.quarantined() is None, "nobody saw that it is bad"


@pytest.mark.parametrize("cause", ["no way back", "quarantine", "before", "smoke", "not installed"])
def test_it_holds_and_users_notice_nothing(
    shop: DeployScene, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = _held_by(shop, cause, monkeypatch)
    assert shop.walk(go_forward) is Outcome.HELD
    [ending] = shop.data("ending")
    assert words in ending["why"]
    assert (shop.stage.shares(), shop.data("shifted")) == ({"blue": 100}, [])
    assert shop.stage.platform.slot("green").version == (NEW if cause == "smoke" else "1.0")


def _held_by(shop: DeployScene, cause: str, patch: pytest.MonkeyPatch) -> str:
    """Bring it about; the words that say so."""
    if cause == "no way back":
        (shop.stage.folder / "blue.unhealthy").touch()
        return "there is no way back: 2.0 in blue is not healthy"
    if cause == "before":
        failing = {"kind": "command", "name": "tests", "argv": ["sh", "-c", "echo 2 failed; exit 1"]}
        shop.raw["deploy"] = {**QUICK, "before": [failing]}
        return "tests: exit 1: 2 failed"
    if cause == "smoke":
        shop.raw["checks"] = [
            {"kind": "http", "name": "widget", "path": "/widget", "expect": {"status": 200}}
        ]
        shop.fault("incompatible")
        return "does not pass its checks: widget"
    if cause == "not installed":
        patch.setattr(Processes, "install", lambda *_arguments: None)
        return "3.0 is not in green: it holds 1.0"
    with shop.installation() as here:
        here.store.record(Release(application=shop.name, version=NEW))
        here.store.quarantine(shop.name, NEW, "INC-1")
    return "3.0 is quarantined since incident INC-1"


def test_a_dry_run_shows_the_plan_and_changes_nothing(shop: DeployScene) -> None:
    with shop.installation() as here:
        plan = planned(here, shop.document, shop.request(dry_run=True))
    assert (plan.decision, plan.from_slot, plan.to_slot, plan.to_release) == (
        Decision.DEPLOY,
        "blue",
        "green",
        NEW,
    )
    assert plan.rollout is not None
    assert plan.rollout.steps == [10, 30, 50, 100]
    assert (shop.stage.shares(), shop.stage.platform.slot("green").version) == ({"blue": 100}, "1.0")


def test_what_serves_already_is_not_deployed_again(shop: DeployScene) -> None:
    assert shop.walk(go_forward, to="2.0") is Outcome.NOTHING_TO_DO


def test_a_release_that_is_in_its_slot_is_not_installed_again(shop: DeployScene) -> None:
    shop.stage.platform.deploy("green", NEW, {})
    before = shop.stage.platform.slot("green").since
    assert shop.walk(go_forward) is Outcome.DEPLOYED
    assert shop.stage.platform.slot("green").since == before


def test_a_rollback_goes_before_it_and_takes_all_traffic_back(
    shop: DeployScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[Outcome | None] = []

    def roll_back() -> None:
        asked: dict[str, Any] = {
            "runbook": "rollback",
            "kind": Kind.ROLLBACK,
            "to": "2.0",
            "severity": Severity.CRITICAL,
        }
        ended.append(shop.walk(take_back, "second", **asked))

    monkeypatch.setattr("tasks.shift.analyse", _second_time(roll_back))
    assert shop.walk(go_forward) is Outcome.SUPERSEDED
    assert ended == [Outcome.ROLLED_BACK]
    assert shop.stage.shares() == {"blue": 100}


def _second_time(act: Any) -> Any:
    """In the second step, instead of its analysis."""
    calls: list[int] = []

    def analysed(*_arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            act()

    return analysed


def test_it_goes_before_nobody(shop: DeployScene) -> None:
    with shop.installation() as here:
        shop.case(here, "a rollback", runbook="rollback", kind=Kind.ROLLBACK, to=None)
        with pytest.raises(InTheWay):
            shop.case(here, "a deploy")
        shop.holder_died()
        with pytest.raises(InTheWay):
            shop.case(here, "another deploy")


def test_a_dead_deploy_that_may_have_moved_traffic_is_not_finished_as_another_one(shop: DeployScene) -> None:
    with shop.installation() as here:
        dead = shop.case(here)
        dead.note(Happened.ACT_STARTED, act="shift traffic")
        shop.holder_died()
        with pytest.raises(InTheWay, match=r"backout rollback"):
            shop.case(here, "another deploy", to="4.0")
        assert shop.case(here, "the same deploy").incident.id == dead.incident.id


def test_cancelled_while_traffic_is_shared_out_it_goes_back(
    shop: DeployScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(BaseException):
        """As a signal that ends the run's process."""

    def stopped(*_arguments: Any) -> None:
        raise Stopped

    with shop.installation() as here:
        begun = shop.case(here)
        with monkeypatch.context() as patch:
            patch.setattr("tasks.shift.analyse", stopped)
            with pytest.raises(Stopped):
                conclude(begun, go_forward)
        assert shop.stage.shares() == {"blue": 90, "green": 10}
        ended, why = conclude(shop.case(here), stop_here)
    assert ended is Outcome.WENT_BACK
    assert "2.0 has all traffic again" in why
    assert shop.stage.shares() == {"blue": 100}
