"""`backout drill` on a stack of its own, under the package's one `serve`."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from blocks import configuration
from blocks.installation import Installation
from blocks.platforms.processes import Processes
from blocks.store import drills
from deployments.prefect_api import PrefectApi
from domain.drill import PHASES
from domain.outcomes import Outcome
from domain.precedence import Phase
from examples.demo import document
from examples.demo.stack import Release, Stack
from examples.faults.injection import Faults
from tests.blocks.waiting import wait_until
from tests.deployments.cli.shop import APP, Shop
from tests.deployments.served import wait_for

STAGING = "flappyjournal/staging"
LONG_SECONDS = 600


@pytest.fixture(scope="module")
def staging(shop: Shop) -> Iterator[Stack]:
    """1.0 serves from blue. The database is the shop's: its address is what `serve` has in its environment."""
    stack = Stack(Path(tempfile.mkdtemp(prefix="backout-drill-", dir="/tmp")))
    stack.folder.chmod(0o711)
    stack.up()
    try:
        platform_of(shop, stack).start("blue")
        shop.apply(entry(stack))
        assert shop.run("record", STAGING, "1.0", "--slot", "blue").code == 0
        yield stack
    finally:
        try:
            shop.apply({**entry(stack), "watch": {"enabled": False}})
        finally:
            stack.down()
            shutil.rmtree(stack.folder)


def entry(stack: Stack, **drill: Any) -> dict[str, Any]:
    release = Release("1.0")
    stack.lay_out(release)
    made = document.application(stack, {"blue": release, "green": release}, sys.executable)
    section = {
        **document.drill(stack, STAGING, sys.executable), "patience_s": 600, "channel": "log", **drill,
    }  # fmt: skip
    policy = {"preset": "flappyjournal", "watch_s": 1}
    return {**made, "name": STAGING, "watch": {"every_s": 0.3}, "policy": policy, "drill": section}


def unseen(stack: Stack, **drill: Any) -> dict[str, Any]:
    """A drill whose fault nothing can find: a file that is there."""
    marker = str(stack.folder / "marker")
    fault = {"inject": ["touch", marker], "undo": ["rm", "-f", marker]}
    return entry(stack, deploy=[], faults={"marker": fault}, **drill)


def platform_of(shop: Shop, stack: Stack) -> Processes:
    values = {**shop.stack.environment, "BACKOUT_HOME": str(shop.home.root)}
    platform = configuration.document(entry(stack), "the tests", values).platform
    assert isinstance(platform, Processes)
    return platform


def test_a_drill_finds_goes_back_mends_restores_and_reports(
    shop: Shop, staging: Stack, here: Installation
) -> None:
    assert shop.run("db", "backup", STAGING).code == 0
    out, err = shop.start("drill", STAGING, "--reason", "monthly").communicate(timeout=LONG_SECONDS)
    drill = drills.past(here.store.database, STAGING)[0]
    assert drill.passed, (out, err, drill)
    assert drill.outcome is Outcome.ROLLED_BACK
    assert all(drill.figures.phase(name) is not None for name in PHASES)
    assert (drill.figures.requests > 0, drill.figures.lost) == (True, 0)
    assert {item.name: item.done for item in drill.checklist if item.done is not True} == {}, drill.checklist
    assert platform_of(shop, staging).route().slot == "blue"
    assert not list(staging.state_folder("green").glob("fault.json"))
    incident = here.store.incident(str(drill.incident))
    assert (incident.request.via, incident.request.drill) == ("automation", drill.id)
    assert not any(release.quarantined_by for release in here.store.releases(STAGING))
    assert "DRILL: " in (staging.folder / "messages.log").read_text()
    report = Path(str(drill.report))
    assert "- [x] Backups are recent and verified" in report.read_text()
    assert (report.parent / "trend.svg").exists()
    assert "passed: " in out


@pytest.mark.full_matrix
@pytest.mark.parametrize("fault", [*document.DRILLED, *document.SHARED])
def test_every_fault_is_found_ends_as_it_must_and_is_mended(
    shop: Shop, staging: Stack, here: Installation, fault: str
) -> None:
    shop.apply(entry(staging))
    said = drilled(shop, here, fault)
    drill = drills.past(here.store.database, STAGING)[0]
    assert drill.passed, (said, drill)
    assert drill.outcome is (Outcome.WONT_HELP if fault in document.SHARED else Outcome.ROLLED_BACK)
    assert here.store.incident(str(drill.incident)).request.via == "automation"
    address = f"{staging.address}/api/health"
    wait_for(lambda: httpx.get(address, trust_env=False).status_code == 200, "users to be well")
    assert Faults(shop.home.state / "faults").injected() == []


@pytest.mark.full_matrix
def test_three_give_a_trend_and_one_made_slower_fails_and_names_the_phase(
    shop: Shop, staging: Stack, here: Installation
) -> None:
    shop.apply(entry(staging))
    for _ in range(3):
        drilled(shop, here, "failing-health")
    third = drills.past(here.store.database, STAGING)[0]
    assert third.passed, third
    report = Path(str(third.report)).read_text()
    assert report.split("## Drills before")[1].count("| failing-health | passed |") >= 2
    shop.apply({**entry(staging), "watch": {"every_s": 30}})
    drilled(shop, here, "failing-health")
    slower = drills.past(here.store.database, STAGING)[0]
    assert slower.outcome is Outcome.ROLLED_BACK, slower
    assert ["is usual: most of the difference in detect" in one for one in slower.problems] == [True], slower


@pytest.mark.full_matrix
def test_consent_that_is_still_asked_for_at_its_end_is_withdrawn(
    shop: Shop, staging: Stack, here: Installation
) -> None:
    asks = {"critical": {"action": "roll back", "rto_s": 600, "consent": {"people": 1, "deadline_s": 600}}}
    made = entry(staging, patience_s=120)
    shop.apply({**made, "policy": {**made["policy"], "rules": asks}})
    out, err = shop.start("drill", STAGING).communicate(timeout=LONG_SECONDS)
    drill = drills.past(here.store.database, STAGING)[0]
    assert "did not end within 120 s" in " ".join(drill.problems), (out, err, drill)
    wait_for(lambda: here.store.incident(str(drill.incident)).outcome is Outcome.EXPIRED, "its end")
    # By the drill, or on a busy machine by the run itself, which asks after the drill's end.
    assert [one.person for one in here.store.approvals(str(drill.incident))] == [f"drill {drill.id}"]
    assert here.store.holder(STAGING) is None


def drilled(shop: Shop, here: Installation, fault: str) -> str:
    """`backout drill`, and a person who says yes where one is asked; what it printed."""
    command = shop.start("drill", STAGING, "--fault", fault)
    wait_until(lambda: command.poll() is not None or asked(here), "an end or a question", LONG_SECONDS)
    if incident := asked(here):
        approved = shop.run("approve", incident)
        assert approved.code == 0, approved
    return "".join(command.communicate(timeout=LONG_SECONDS))


def asked(here: Installation) -> str | None:
    """The incident that people are asked about."""
    holder = here.store.holder(STAGING)
    return holder.incident if holder and holder.phase is Phase.WAITING else None


@pytest.mark.full_matrix
def test_a_fault_that_nothing_finds_fails_the_drill_and_names_the_phase(
    shop: Shop, staging: Stack, here: Installation
) -> None:
    shop.apply(unseen(staging, patience_s=2))
    out, err = shop.start("drill", STAGING).communicate(timeout=LONG_SECONDS)
    drill = drills.past(here.store.database, STAGING)[0]
    assert drill.problems == ["detect: nothing found the fault within 2 s"], drill
    assert "failed: detect: nothing found the fault" in " ".join(err.split()), (out, err)
    assert not (staging.folder / "marker").exists()


def test_a_killed_drill_is_cleaned_up(
    shop: Shop, staging: Stack, here: Installation, api: PrefectApi
) -> None:
    shop.apply(unseen(staging))
    run = shop.run("drill", STAGING, "--no-wait", "--json").json["run"]
    wait_for(lambda: waits(here), "the drill to wait for its incident")
    assert (staging.folder / "marker").exists()
    pid = api.call("GET", f"/flow_runs/{run}")["infrastructure_pid"]
    os.kill(int(str(pid).rpartition(":")[2]), signal.SIGKILL)
    wait_for(lambda: drills.under_way(here.store.database, STAGING) is None, "the clean-up")
    assert not (staging.folder / "marker").exists()
    assert drills.past(here.store.database, STAGING)[0].problems == ["killed in `wait for the incident`"]


def waits(here: Installation) -> bool:
    drill = drills.under_way(here.store.database, STAGING)
    return drill is not None and drill.step == "wait for the incident"


@pytest.mark.usefixtures("staging")
def test_its_schedule_is_prefects_and_production_has_none(api: PrefectApi) -> None:
    found = api.call("GET", "/deployments/name/drill/drill")["schedules"]
    assert [(one["slug"], one["active"], one["schedule"]["timezone"]) for one in found] == [
        ("flappyjournal--staging", True, "UTC")
    ]
    assert "BYDAY=1MO;BYHOUR=10" in found[0]["schedule"]["rrule"]
    assert found[0]["parameters"]["via"] == "drill"


@pytest.mark.full_matrix
def test_production_is_not_drilled_unless_it_is_typed(shop: Shop) -> None:
    section = document.drill(shop.stack, "typed/production", sys.executable)
    shop.apply(
        {**shop.entry("typed/production"), "watch": {"enabled": True, "every_s": 3600}, "drill": section}
    )
    refused = shop.run("drill", "typed/production")
    assert (refused.code, "is production" in refused.said) == (2, True), refused
    untyped = shop.run("drill", "typed/production", "--production")
    assert (untyped.code, "must type its name" in untyped.said) == (2, True), untyped
    assert (shop.run("drill", APP).code, shop.serving) == (2, "blue")
