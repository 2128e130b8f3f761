"""A deploy that people, other runs or a dying slot come across: traffic is where somebody looks after it, and never on what is down."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from blocks.platforms.contract import Standing
from domain.outcomes import Outcome
from domain.request import RESTART, Kind
from domain.severity import Severity
from flows.path import go_forward, restart_in_place, take_back
from tests.blocks.platforms.local_slots import pid_of
from tests.flows.deploy_stage import QUICK, DeployScene, DeployStage
from tests.flows.stage import answers

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path) -> DeployScene:
    return tenths.deploy_scene(tmp_path)


def in_the_first_step(patch: pytest.MonkeyPatch, act: Any) -> None:
    """Instead of its analysis."""
    patch.setattr("tasks.shift.analyse", lambda *_arguments: act())


def test_a_run_that_goes_before_it_and_moves_nothing_ends_the_canary(
    shop: DeployScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart holds where traffic is shared out: nobody would look at the canary any more."""
    ended: list[Outcome | None] = []

    def restart() -> None:
        asked: dict[str, Any] = {
            "runbook": RESTART,
            "kind": Kind.ROLLBACK,
            "to": None,
            "severity": Severity.CRITICAL,
        }
        ended.append(shop.walk(restart_in_place, "second", **asked))

    in_the_first_step(monkeypatch, restart)
    assert shop.walk(go_forward) is Outcome.SUPERSEDED
    assert ended == [Outcome.HELD]
    assert shop.stage.shares() == {"blue": 100}


def test_a_rollback_out_of_a_canary_asks_nobody(shop: DeployScene, monkeypatch: pytest.MonkeyPatch) -> None:
    """High severity asks by this policy; the deploy would have gone back unasked."""
    ended: list[Outcome | None] = []

    def roll_back() -> None:
        asked: dict[str, Any] = {
            "runbook": "rollback",
            "kind": Kind.ROLLBACK,
            "to": None,
            "severity": Severity.HIGH,
        }
        ended.append(shop.walk(take_back, "second", **asked))

    in_the_first_step(monkeypatch, roll_back)
    shop.walk(go_forward)
    assert ended == [Outcome.ROLLED_BACK]
    assert shop.stage.shares() == {"blue": 100}


def test_traffic_is_not_taken_back_to_a_slot_that_died(
    shop: DeployScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []

    def die() -> None:
        killed.append(pid_of(shop.stage.platform, "blue"))
        os.kill(killed[0], signal.SIGKILL)
        os.waitpid(killed[0], 0)

    # The step is bad for want of data: nobody is to go where nobody answers.
    shop.raw["deploy"] = {**QUICK, "steps": [50, 100], "wait_s": 0.05, "limits": {"requests": 100_000}}
    shop.at(50, monkeypatch, die)
    try:
        assert shop.walk(go_forward) is Outcome.STUCK, shop.data("ending")
        assert shop.stage.shares() == {"blue": 50, "green": 50}
    finally:
        shop.stage.give_traffic_to("green")
        shop.stage.platform.start("blue")
        assert isinstance(shop.stage.platform.prepare("blue", answers), Standing)
        shop.stage.give_traffic_to("blue")
    assert "stays on blue 50 %, green 50 %: blue is down" in shop.data("ending")[-1]["why"]


@pytest.mark.parametrize("share", [10, 100])
def test_whoever_takes_traffic_back_by_hand_is_not_fought(
    shop: DeployScene, monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    shop.raw["deploy"] = {**QUICK, "watch_s": 20, "step_s": 20 if share < 100 else 0}
    shop.at(share, monkeypatch, lambda: shop.stage.give_traffic_to("blue"))
    if share == 100:
        monkeypatch.setattr("flows.path.verify", lambda *_arguments: None)
    assert shop.walk(go_forward) is Outcome.HELD
    assert shop.stage.shares() == {"blue": 100}
    assert "somebody else moved traffic" in shop.data("ending")[-1]["why"]


def test_traffic_that_was_taken_back_between_two_steps_is_not_given_again(
    shop: DeployScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_first_step(monkeypatch, lambda: shop.stage.give_traffic_to("blue"))
    assert shop.walk(go_forward) is not Outcome.DEPLOYED
    assert [row["shares"]["green"] for row in shop.data("shifted")] == [10]
    assert shop.stage.shares() == {"blue": 100}
