"""The slot that a deploy left: scheduled once, stopped when due where nobody needs it, and started again by a rollback."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.platforms.processes import Processes
from domain.errors import BackoutError, CommandFailed, StoreUnavailable, Unreachable
from domain.outcomes import Outcome
from domain.release import Slot
from domain.request import Kind
from domain.severity import Severity
from flows.afterwards import schedule_decommission
from flows.path import take_back
from tasks import decommission as acts
from tests.flows.deploy_stage import NEW, QUICK, DeployScene, DeployStage
from tests.flows.deployed import BLOCK, Runs, case_of, deployed, first, journal, told
from tests.flows.stage import answers
from tests.forked import KILLED, exit_code

pytestmark = pytest.mark.usefixtures("impatient")
BACK: dict[str, Any] = {
    "runbook": "rollback", "kind": Kind.ROLLBACK, "to": None, "severity": Severity.CRITICAL,
}  # fmt: skip


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path) -> Iterator[DeployScene]:
    """3.0 serves, good by evidence; blue is started again for whoever comes next."""
    made = deployed(tenths, tmp_path)
    with made.installation() as here:
        ended = first(made, here).closed_at
        assert ended is not None
        here.store.good(made.name, NEW, ended, ended + timedelta(minutes=30), "the watch")
    yield made
    tenths.platform.prepare("blue", answers)


@pytest.fixture
def here(shop: DeployScene) -> Iterator[Installation]:
    with shop.installation() as here:
        yield here


def run(shop: DeployScene) -> str:
    with shop.installation() as here:
        return acts.decommission(case_of(shop, here))


def up(shop: DeployScene, slot: str = "blue") -> bool:
    return shop.stage.platform.slot(slot).running


def test_it_is_scheduled_once_for_when_it_is_due(shop: DeployScene, here: Installation, runs: Runs) -> None:
    for _ in range(2):
        schedule_decommission(case_of(shop, here), BLOCK)
    deploy = first(shop, here)
    assert deploy.closed_at is not None
    due = deploy.closed_at + timedelta(hours=48)
    fields = {"application": BLOCK, "incident": deploy.id}
    assert runs.by_key == {f"decommission-{deploy.id}": ("decommission", fields, due)}
    [noted] = journal(shop, here, "kept warm")
    assert (noted["slot"], noted["release"]) == ("blue", "2.0")


def test_where_it_is_off_nothing_is_scheduled(shop: DeployScene, here: Installation, runs: Runs) -> None:
    shop.raw["deploy"] = {**QUICK, "keep_warm_s": None}
    schedule_decommission(case_of(shop, here), BLOCK)
    assert runs.by_key == {}


def test_the_slot_is_stopped_people_are_told_and_a_rollback_starts_it_again(shop: DeployScene) -> None:
    assert run(shop) == "2.0 in blue was stopped; a rollback starts it first"
    assert (up(shop), up(shop, "green"), shop.stage.shares()) == (False, True, {"green": 100})
    assert run(shop) == "it was done before: 2.0 in blue was stopped; a rollback starts it first"
    with shop.installation() as here:
        assert [moment for moment, _ in told(shop, here)] == ["follow_up"]
        assert "2.0 in blue was stopped" in told(shop, here)[0][1]
    assert shop.walk(take_back, "back", **BACK) is Outcome.ROLLED_BACK
    assert (up(shop), shop.stage.shares()) == (True, {"blue": 100})


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("no evidence", "nobody has seen 3.0 serve well for long enough"),
        ("sick", "3.0 in green is not healthy"),
        ("another release", "blue holds 1.5 by now"),
        ("cannot be started", "it could not be started again: its program is gone"),
        ("an older one", "1.0 in red is older and still up, and a rollback would go there"),
        ("moved", "a newer incident or release came after"),
        ("under way", "a newer incident or release came after"),
    ],
)
def test_it_stays_up_where_it_may_be_needed(
    shop: DeployScene, here: Installation, cause: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _brought_about(shop, here, cause, monkeypatch)
    case = case_of(shop, here) if cause not in ("moved", "under way") else _of_the_deploy(shop, here)
    for said in (acts.decommission(case), acts.decommission(case)):
        assert words in said
        assert acts.STAYS in said
    assert (up(shop), told(shop, here)) == (True, [])


def _of_the_deploy(shop: DeployScene, here: Installation) -> Any:
    deploy = min(here.store.incidents(shop.name), key=lambda row: row.opened_at)
    found = case_of(shop, here)
    found.incident = deploy
    return found


def _brought_about(shop: DeployScene, here: Installation, cause: str, patch: pytest.MonkeyPatch) -> None:
    if cause == "no evidence":
        with here.store.database.transaction() as connection:
            connection.execute("UPDATE releases SET good_since = NULL WHERE application = %s", [shop.name])
    if cause == "sick":
        shop.fault("unhealthy")
    if cause == "another release":
        patch.setattr(Processes, "_version", lambda _platform, slot: {"blue": "1.5", "green": NEW}[slot])
    if cause == "an older one":
        slots, red = Processes.slots, Slot(name="red", version="1.0", running=True)
        patch.setattr(Processes, "slots", lambda platform: [*slots(platform), red])
    if cause == "cannot be started":
        patch.setattr(Processes, "lacking", lambda _platform, _slot: "its program is gone")
    if cause == "moved":
        assert shop.walk(take_back, "back", **BACK) is Outcome.ROLLED_BACK
    if cause == "under way":
        shop.case(here, "somebody", **BACK)


def test_a_run_that_begins_in_between_finds_it_started_again(
    shop: DeployScene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Processes.stop
    deploy = case_of(shop, here)

    def stopped(platform: Processes, slot: str) -> None:
        shop.case(here, "somebody", **BACK)
        stop(platform, slot)

    monkeypatch.setattr(Processes, "stop", stopped)
    assert "so it was started again" in acts.decommission(deploy)
    assert up(shop)


def stopped_with(patch: pytest.MonkeyPatch, error: BackoutError, *, only_once: bool = False) -> None:
    """What its stop ends with, after the slot is down."""
    stop, calls = Processes.stop, count()

    def stopped(platform: Processes, slot: str) -> None:
        stop(platform, slot)
        if next(calls) == 0 or not only_once:
            raise error

    patch.setattr(Processes, "stop", stopped)


def test_a_stop_that_fails_half_way_has_it_started_again_and_calls_people(
    shop: DeployScene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_with(monkeypatch, CommandFailed(["stop"], exit_code_seen=1, output="one of two"))
    said = acts.decommission(case_of(shop, here))
    assert "so it was started again" in said
    assert (up(shop), said.startswith("2.0 in blue stays up")) == (True, True)
    [(moment, text)] = told(shop, here)
    assert (moment, "one of two" in text) == ("escalated", True)
    assert [row["stopped"] for row in journal(shop, here, "decommissioned")] == [False]


def test_a_slot_that_does_not_start_again_is_not_said_to_be_up(
    shop: DeployScene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_with(monkeypatch, Unreachable("router", "http://127.0.0.1", "refused"))
    with monkeypatch.context() as patch:
        patch.setattr(Processes, "start", _fails)
        said = acts.decommission(case_of(shop, here))
    assert said.startswith("2.0 in blue was stopped; ")
    assert "does not start again" in said
    assert [moment for moment, _ in told(shop, here)] == ["escalated"]
    assert [row["stopped"] for row in journal(shop, here, "decommissioned")] == [True]


def _fails(*_arguments: object) -> None:
    raise CommandFailed(["start"], exit_code_seen=1, output="no such program")


def test_a_store_that_goes_away_after_the_stop_leaves_it_up_for_the_next_try(
    shop: DeployScene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_with(monkeypatch, StoreUnavailable("the store", "127.0.0.1", "gone"), only_once=True)
    with pytest.raises(StoreUnavailable):
        acts.decommission(case_of(shop, here))
    assert (up(shop), journal(shop, here, "decommissioned")) == (True, [])
    assert "was stopped" in acts.decommission(case_of(shop, here))
    assert [moment for moment, _ in told(shop, here)] == ["follow_up"]


def test_users_who_came_while_it_was_stopped_have_it_again_and_people_are_called(
    shop: DeployScene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Processes.stop

    def stopped(platform: Processes, slot: str) -> None:
        stop(platform, slot)
        shop.stage.give_traffic_to(slot)

    monkeypatch.setattr(Processes, "stop", stopped)
    assert "it got traffic meanwhile, so it was started again" in acts.decommission(case_of(shop, here))
    assert (up(shop), [moment for moment, _ in told(shop, here)]) == (True, ["escalated"])


def test_what_cannot_be_looked_at_stays_up_and_is_told(
    shop: DeployScene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_arguments: object) -> None:
        raise Unreachable("router", "http://127.0.0.1", "refused")

    monkeypatch.setattr(Processes, "lacking", unreachable)
    assert "refused" in acts.decommission(case_of(shop, here))
    assert (up(shop), [moment for moment, _ in told(shop, here)]) == (True, ["follow_up"])


def test_killed_right_after_it_stopped_the_slot_it_goes_on_and_tells_once(shop: DeployScene) -> None:
    stop = Processes.stop

    def deadly(platform: Processes, slot: str) -> None:
        stop(platform, slot)
        os.kill(os.getpid(), signal.SIGKILL)

    def killed() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Processes, "stop", deadly)
            run(shop)

    assert exit_code(killed) == KILLED
    assert not up(shop)
    assert "was stopped" in run(shop)
    with shop.installation() as here:
        assert len(told(shop, here)) == 1
        assert [row["stopped"] for row in journal(shop, here, "decommissioned")] == [True]
