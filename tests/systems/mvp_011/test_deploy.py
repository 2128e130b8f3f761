"""A new release behind the deployment API, in the place of the one that serves: good, bad, and killed on the way."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from blocks import process
from blocks.deployment_api.client import DeploymentApiClient
from blocks.deployment_api.status import ApiStatus, Deployed
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.request import DEPLOY, Kind
from domain.severity import Severity
from examples.demo.load import Load
from examples.mvp_011.application import Fault
from flows.path import go_forward, take_back
from tasks import report
from tasks.study_database import planned
from tests.blocks.waiting import wait_until
from tests.flows.killing import Runs
from tests.forked import KILLED, exit_code
from tests.systems.mvp_011 import bring
from tests.systems.mvp_011.scene import TOKEN, ApiScene

NEW = "1.2.0"
ASKED: dict[str, Any] = {"runbook": DEPLOY, "kind": Kind.DEPLOY, "to": NEW, "severity": Severity.LOW}
QUICK: dict[str, Any] = {
    "every_s": 0.05,
    "wait_s": 10,
    "watch_s": 0.1,
    "path": "/health",
    "limits": {"slower_by_s": 2.5},
}


class Forward(ApiScene):
    """Its runs ask for 1.2.0 unless they say otherwise."""

    def request(self, **fields: Any) -> Any:
        return super().request(**{**ASKED, **fields})

    def back(self, run: str = "back") -> Outcome | None:
        """A rollback afterwards."""
        asked: dict[str, Any] = {
            "runbook": "rollback",
            "kind": Kind.ROLLBACK,
            "to": None,
            "severity": Severity.CRITICAL,
        }
        return self.walk(take_back, run, **asked)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "svg", lambda _facts: b"<svg/>")  # it costs more than all the rest


@pytest.fixture
def hands(tmp_path: Path) -> Path:
    """What the command reads, and says."""
    folder = tmp_path / "hands"
    folder.mkdir()
    (folder / "token").write_text(TOKEN)
    return folder


@pytest.fixture
def ahead(scene: ApiScene, store_url: str, tmp_path: Path, hands: Path) -> Forward:
    """1.1.0 serves from green, 1.0.0 before it from blue."""
    scene.stack.deploy("1.1.0")
    found = Forward(scene.stack, store_url, tmp_path / "ahead")
    command = [sys.executable, bring.__file__, scene.stack.url, str(hands), "{release}"]
    found.raw["deploy"] = {**QUICK, "install": command}
    return found


def the_plan(ahead: Forward) -> Plan:
    with ahead.installation() as here:
        return planned(here, ahead.document, ahead.request())


def test_a_good_release_is_deployed_and_can_be_taken_back(ahead: Forward) -> None:
    assert ahead.walk(go_forward) is Outcome.DEPLOYED, ahead.data("ending")
    assert ahead.history()[-1] == ("deploy", NEW)
    [before] = ahead.data("sampled")
    assert (before["requests"], before["errors"]) == (100, 0)
    assert [row["verdict"] for row in ahead.data("judged")] == ["ok"]
    assert "way back: 1.1.0 in green, which is kept, and put in place again" in ahead.report()
    assert ahead.back() is Outcome.ROLLED_BACK
    assert ahead.history()[-1] == ("rollback", "1.1.0")


@pytest.mark.parametrize(
    "fault",
    [Fault.ERRORS, *(pytest.param(one, marks=pytest.mark.full_matrix) for one in (Fault.SLOW, Fault.WIDGET))],
)
def test_a_bad_release_goes_back_by_itself(ahead: Forward, hands: Path, fault: Fault) -> None:
    (hands / "fault").write_text(fault)
    load = Load(f"{ahead.stack.url}/health", clients=2, rate=50).start()
    try:
        assert ahead.walk(go_forward) is Outcome.WENT_BACK, ahead.data("ending")
    finally:
        counted = load.stop().total
    assert ahead.history()[-2:] == [("deploy", NEW), ("rollback", "1.1.0")]
    assert (counted.errors > 0) is (fault is Fault.ERRORS), counted.document()
    assert counted.lost.total() == 0
    assert len(ahead.data("went back")) == 1


def test_a_crash_after_it_was_verified_takes_it_back(ahead: Forward, hands: Path) -> None:
    ahead.raw["deploy"] |= {"watch_s": 20, "wait_s": 20}
    (hands / "fault").write_text(Fault.CRASH)
    assert ahead.walk(go_forward) is Outcome.WENT_BACK, ahead.data("ending")
    assert ahead.history()[-2:] == [("deploy", NEW), ("rollback", "1.1.0")]


def test_what_cannot_be_looked_at_before_is_asked_about_unless_the_settings_let_it(ahead: Forward) -> None:
    asked = the_plan(ahead)
    assert (asked.decision, asked.blind, asked.to_slot, asked.from_slot) == (
        Decision.DEPLOY,
        True,
        "blue",
        "green",
    )
    assert asked.consent is not None
    assert asked.consent.people == 1
    ahead.raw["deploy"]["blind"] = True
    assert the_plan(ahead).consent is None
    assert ahead.history()[-1] == ("deploy", "1.1.0")


def test_without_a_second_environment_it_holds(scene: ApiScene, store_url: str, tmp_path: Path) -> None:
    only = Forward(scene.stack, store_url, tmp_path / "only")
    only.raw["deploy"] = {**QUICK, "install": ["true"]}
    assert only.walk(go_forward) is Outcome.HELD
    assert "the API names no environment but blue" in only.data("ending")[0]["why"]


def test_a_command_that_changes_nothing_ends_as_held(ahead: Forward) -> None:
    ahead.raw["deploy"]["install"] = ["true"]
    assert ahead.walk(go_forward) is Outcome.HELD
    assert "serves, as before" in ahead.data("ending")[0]["why"]
    assert ahead.history()[-1] == ("deploy", "1.1.0")


def test_a_deployment_that_still_goes_on_calls_people(
    ahead: Forward, hands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API took it, and is slower than `settle_s`: the release may get the traffic when nobody looks any more."""
    taken, status = hands / "taken", DeploymentApiClient.status
    pending = Deployed(environment="blue", version=NEW, state="in_progress")

    def slow(client: DeploymentApiClient) -> ApiStatus:
        found = status(client)
        more = [pending] if taken.exists() else []
        return found.model_copy(update={"history": [*found.history, *more]})

    monkeypatch.setattr(DeploymentApiClient, "status", slow)
    ahead.raw["deploy"]["install"] = ["touch", str(taken)]
    assert ahead.walk(go_forward) is Outcome.STUCK
    assert "blue 1.2.0 in_progress is not finished" in ahead.data("ending")[0]["why"]
    assert (ahead.history()[-1], ahead.data("went back")) == (("deploy", "1.1.0"), [])


@pytest.mark.parametrize(
    "step",
    [
        "after put in place",
        *(
            pytest.param(f"{when} {step}", marks=pytest.mark.full_matrix)
            for when in ("before", "after")
            for step in ("keep the way back", "sample before", "note switched", "verify", "analyse", "settle")
        ),
    ],
)
def test_killed_anywhere_it_ends_fully_new(ahead: Forward, tmp_path: Path, step: str) -> None:
    runs = Runs(ahead, go_forward, tmp_path)
    runs.start(dies_at=step)
    runs.start()
    assert ahead.incident().outcome is Outcome.DEPLOYED
    assert ahead.history()[2:] == [("deploy", NEW)]


def test_killed_while_its_command_runs_it_ends_fully_old_and_so_does_the_command(
    ahead: Forward, hands: Path
) -> None:
    (hands / "wait").touch()

    def die_in_it() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tasks.as_planned.still_ours", lambda _case: os.kill(os.getpid(), signal.SIGKILL))
            ahead.walk(go_forward)

    assert exit_code(die_in_it) == KILLED
    wait_until((hands / "waiting").exists, "the command runs")
    command = int((hands / "waiting").read_text())
    assert process.find(command) is not None
    assert ahead.walk(go_forward) is Outcome.HELD
    assert process.find(command) is None
    (hands / "wait").unlink()
    assert ahead.history()[-1] == ("deploy", "1.1.0")


def test_what_was_deployed_by_hand_meanwhile_is_not_replaced(
    ahead: Forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way back was kept for another release by then."""
    monkeypatch.setattr("tasks.take_place.sample_before", lambda *_arguments: ahead.stack.deploy("1.1.1"))
    assert ahead.walk(go_forward) is Outcome.HELD
    assert "what serves is blue, not green" in ahead.data("ending")[0]["why"]
    assert ahead.history()[-1] == ("deploy", "1.1.1")


def test_what_a_command_left_that_ended_well_is_not_ended(ahead: Forward, tmp_path: Path) -> None:
    """It may be what serves."""
    left = tmp_path / "left"
    own = ahead.raw["deploy"]["install"]
    script = f'setsid sleep 120 & echo $! > {left}; exec "$@"'
    ahead.raw["deploy"]["install"] = ["sh", "-c", script, "sh", *own]
    assert ahead.walk(go_forward) is Outcome.DEPLOYED, ahead.data("ending")
    daemon = process.find(int(left.read_text()))
    assert daemon is not None
    ahead.raw["deploy"]["install"] = own
    try:
        assert ahead.back() is Outcome.ROLLED_BACK
        ahead.walk(go_forward, "again", to="1.3.0")
        assert ahead.history()[-1] == ("deploy", "1.3.0")
        assert process.is_alive(daemon)
    finally:
        with suppress(ProcessLookupError):
            os.kill(daemon.pid, signal.SIGKILL)
