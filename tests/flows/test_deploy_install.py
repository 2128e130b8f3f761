"""Until a deploy's release is in its slot: what serves is never written over, whoever goes first waits for nothing, and a
cancelled run says what it left."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from blocks import process
from blocks.host_lock import host_lock
from blocks.platforms.processes import Processes
from domain.errors import Conflict
from domain.outcomes import Outcome
from domain.request import Kind
from domain.severity import Severity
from flows.cancelled import stop_here
from flows.conclude import conclude
from flows.path import go_forward, take_back
from tasks.install import install
from tasks.study_database import planned
from tests.blocks.waiting import wait_until
from tests.flows.deploy_stage import QUICK, DeployScene, DeployStage
from tests.forked import KILLED, exit_code

pytestmark = pytest.mark.usefixtures("impatient")

LONGEST_S = 30
"""A command that should not have begun, or that should have been ended, fails the test; it does not keep it waiting."""


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """What the command writes, as soon as it runs: its process's id."""
    return tmp_path / "installing"


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path, marker: Path) -> Iterator[DeployScene]:
    """Its command would run for long."""
    script = f"echo $$ > {marker}.new; mv {marker}.new {marker}; exec sleep 120"
    yield tenths.deploy_scene(
        tmp_path, deploy={**QUICK, "install": ["sh", "-c", script], "install_timeout_s": LONGEST_S}
    )
    tenths.give_traffic_to("blue")


def test_a_slot_that_serves_by_now_is_not_written_over(
    shop: DeployScene, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.path.preserve", lambda *_arguments: shop.stage.give_traffic_to("green"))
    assert shop.walk(go_forward) is Outcome.HELD
    assert "what serves is green, not blue" in shop.data("ending")[0]["why"]
    assert (marker.exists(), shop.stage.shares()) == (False, {"green": 100})


def test_without_its_way_back_it_is_not_installed(shop: DeployScene, marker: Path) -> None:
    with shop.installation() as here:
        case = shop.case(here)
        plan = planned(here, shop.document, shop.request())
        with pytest.raises(Conflict, match=r"the release in blue is 2\.0, not 1\.9"):
            install(case, plan.model_copy(update={"from_release": "1.9"}))
    assert not marker.exists()


def test_what_goes_before_it_ends_its_command_and_gets_the_turn(shop: DeployScene, marker: Path) -> None:
    ended: list[Outcome | None] = []
    deploy = Thread(target=lambda: ended.append(shop.walk(go_forward)), daemon=True)
    deploy.start()
    wait_until(marker.exists, "the command runs")
    command = Path(f"/proc/{marker.read_text().strip()}")
    with shop.installation() as here:
        shop.case(here, "a rollback", runbook="rollback", kind=Kind.ROLLBACK, to="2.0")
        with host_lock(here.home, shop.name):
            assert not command.exists()
    deploy.join(LONGEST_S)
    assert ended == [Outcome.SUPERSEDED]


def test_cancelled_while_it_installs_it_says_what_may_be_left(
    shop: DeployScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(BaseException):
        """As a signal that ends the run's process."""

    def stopped(*_arguments: Any) -> None:
        raise Stopped

    shop.raw["deploy"] = QUICK
    with shop.installation() as here:
        begun = shop.case(here)
        with monkeypatch.context() as patch:
            patch.setattr(Processes, "install", stopped)
            with pytest.raises(Stopped):
                conclude(begun, go_forward)
        ended, why = conclude(shop.case(here), stop_here)
    assert ended is Outcome.HELD
    assert why.endswith("traffic was not touched; green may hold 3.0")
    assert shop.stage.shares() == {"blue": 100}


def test_what_a_killed_run_left_of_its_command_is_ended_by_the_rollback(
    shop: DeployScene, marker: Path
) -> None:
    """Else it would write into the slot that has the traffic again."""

    def die_in_it() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tasks.as_planned.still_ours", lambda _case: os.kill(os.getpid(), signal.SIGKILL))
            shop.walk(go_forward)

    assert exit_code(die_in_it) == KILLED
    wait_until(marker.exists, "the command runs")
    command = int(marker.read_text())
    assert process.find(command) is not None
    shop.holder_died()
    asked: dict[str, Any] = {"runbook": "rollback", "kind": Kind.ROLLBACK, "to": "1.0"}
    ended = shop.walk(take_back, "back", severity=Severity.CRITICAL, **asked)
    assert process.find(command) is None
    assert (ended, shop.stage.shares()) == (Outcome.ROLLED_BACK, {"green": 100})
