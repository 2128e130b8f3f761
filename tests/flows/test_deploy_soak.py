"""The watch after a deploy, on real slots: trouble starts the rollback, once, where it is the release's."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from blocks.installation import Installation
from blocks.platforms.processes import Processes
from domain.bad_looks import Seen
from domain.errors import Unreachable
from domain.outcomes import Outcome
from domain.release import Usage
from domain.request import Kind
from domain.severity import Severity
from flows import prefect_runs, soak
from flows.path import go_forward, take_back
from tasks.case import Case
from tasks.deploy_trouble import only_told
from tasks.soak import look_again
from tests.flows.deploy_stage import NEW, QUICK, DeployScene, DeployStage
from tests.flows.deployed import BLOCK, Runs, case_of, deployed, first, journal, recorded, told, watch
from tests.flows.stage import answers

pytestmark = pytest.mark.usefixtures("impatient", "runs")


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path) -> DeployScene:
    return deployed(tenths, tmp_path)


@pytest.fixture
def here(shop: DeployScene) -> Iterator[Installation]:
    with shop.installation() as here:
        yield here


def asked(runs: Runs) -> dict[str, Any]:
    """The fields of the only rollback."""
    [(deployment, fields, at)] = runs.by_key.values()
    assert (deployment, fields["application"], at) == ("rollback", BLOCK, None)
    return fields


def test_trouble_starts_the_rollback_which_takes_all_traffic_back(
    tenths: DeployStage, tmp_path: Path, runs: Runs
) -> None:
    shop = tenths.deploy_scene(tmp_path)
    assert shop.walk(go_forward, reason="new checkout") is Outcome.DEPLOYED
    with shop.installation() as here:
        _made_of(shop, here)
        shop.fault("unhealthy")
        name, message = watch(shop, here)
        assert (name, "the rollback is started" in message) == ("Trouble", True)
        fields = asked(runs)
        said = f"the watch after deploy {first(shop, here).id} saw in 3 looks in a row: health:"
        assert fields["reason"].startswith(said)
        detection = here.store.detection(fields["detection"])
        assert [row.name for row in detection.findings] == ["health"] * 3
        seen = {"detection": detection.findings, "basis": detection.basis}
        again: dict[str, Any] = {
            "runbook": "rollback", "kind": Kind.ROLLBACK, "severity": None, "to": fields["target"],
            "issue": fields["issue"], "reason": fields["reason"], "via": fields["via"], **seen,
        }  # fmt: skip
        assert shop.walk(take_back, "second", **again) is Outcome.ROLLED_BACK
        assert shop.stage.shares() == {"blue": 100}
        second = here.store.incidents(shop.name)[0]
        assert second.plan is not None
        assert (second.plan.severity, second.request.automatic) == (Severity.CRITICAL, True)
        assert recorded(shop, here, NEW).quarantined_by == second.id


def _made_of(shop: DeployScene, here: Installation) -> None:
    """What the deploy recorded of its release."""
    found, texts = recorded(shop, here, NEW), shop.document.platform.configuration()
    assert (found.why, found.recorded_by, found.incident) == ("new checkout", "ann", first(shop, here).id)
    assert (list(found.images), found.images["green"][:7]) == (["green"], "sha256:")
    assert sorted(found.configuration) == ["green/release.json", "platform.yaml"]
    said = hashlib.sha256(texts["platform.yaml"].encode()).hexdigest()
    assert found.configuration["platform.yaml"] == said
    assert f"recorded {NEW}: images: green sha256:" in shop.report()


def test_it_is_started_once_and_the_rollback_itself_calls_people(
    shop: DeployScene, here: Installation, runs: Runs
) -> None:
    shop.fault("unhealthy")
    watch(shop, here)
    watch(shop, here)
    assert list(runs.by_key) == [f"back-{first(shop, here).id}"]
    assert [moment for moment, _ in told(shop, here)] == ["watched"]
    assert "its rollback is started, as an incident of its own" in told(shop, here)[0][1]
    assert "the watch started a rollback" in Path(first(shop, here).report or "").read_text()


def test_what_is_wrong_beside_health_is_as_severe_as_its_row_says(
    shop: DeployScene, here: Installation, runs: Runs
) -> None:
    shop.raw["checks"] = [{"kind": "http", "name": "widget", "path": "/widget", "expect": {"status": 200}}]
    shop.fault("incompatible")
    assert watch(shop, here, 0)[0] == "Trouble"
    assert asked(runs)["issue"] == "post-deploy-issue"
    assert here.store.detection(asked(runs)["detection"]).findings[0].name == "widget"


def only_escalated(shop: DeployScene, here: Installation, runs: Runs, words: str) -> None:
    assert runs.by_key == {}
    assert [moment for moment, _ in told(shop, here)] == ["escalated", "watched"]
    assert words in told(shop, here)[0][1]


def test_the_setting_leaves_it_to_people(shop: DeployScene, here: Installation, runs: Runs) -> None:
    shop.raw["deploy"] = {**QUICK, "on_trouble": "tell"}
    shop.fault("unhealthy")
    assert watch(shop, here)[0] == "Trouble"
    only_escalated(shop, here, runs, "`deploy.on_trouble` is `tell`")


def test_what_somebody_moved_is_not_moved_again(shop: DeployScene, here: Installation, runs: Runs) -> None:
    shop.stage.platform.activate("blue", shop.stage.platform.route())
    assert watch(shop, here)[0] == "Trouble"
    only_escalated(shop, here, runs, f"{NEW} has not all the traffic any more")


def test_what_was_bad_before_the_deploy_takes_nothing_back(
    tenths: DeployStage, tmp_path: Path, runs: Runs
) -> None:
    third = {"kind": "http", "name": "third", "path": "/page", "expect": {"status": 418}}
    shop = deployed(tenths, tmp_path, checks=[third])
    with shop.installation() as here:
        assert watch(shop, here, 0)[0] == "Trouble"
        only_escalated(shop, here, runs, "was so before the deploy")


def test_another_run_that_has_the_application_is_left_to_it(shop: DeployScene, here: Installation) -> None:
    bad = Seen("sick", bad=True)
    assert only_told(case_of(shop, here), bad, 3) == ""
    deploy = case_of(shop, here)
    shop.case(here, "somebody", runbook="rollback", kind=Kind.ROLLBACK, to=None)
    assert "another run has the application" in only_told(deploy, bad, 3)


def test_where_prefect_takes_nothing_people_are_called(
    shop: DeployScene, here: Installation, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: Any, **_fields: Any) -> str:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(prefect_runs, "start_later", away)
    shop.fault("unhealthy")
    assert watch(shop, here)[0] == "Trouble"
    only_escalated(shop, here, runs, f"`backout rollback {shop.name}`")
    [failed] = journal(shop, here, "act failed")
    assert failed["act"] == "start the rollback"


def test_a_watch_that_sees_nothing_takes_nothing_back(
    shop: DeployScene, here: Installation, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: Any) -> Any:
        raise Unreachable(what_it_is="a host", address="here", why="refused")

    monkeypatch.setattr(Processes, "route", away)
    monkeypatch.setattr(soak, "LONGER", timedelta(0))
    assert watch(shop, here, 0)[0] == "Trouble"
    assert runs.by_key == {}


def before_look(patch: pytest.MonkeyPatch, acts: dict[int, Callable[[], object]]) -> list[int]:
    """Do something before the looks of these numbers; all that were made."""
    looks: list[int] = []

    def look(case: Case, *, every_check: bool = False) -> Seen:
        looks.append(len(looks) + 1)
        acts.get(looks[-1], lambda: None)()
        return look_again(case, every_check=every_check)

    patch.setattr(soak, "look_again", look)
    return looks


def test_a_watch_that_slept_past_its_end_takes_nothing_back_for_one_look(
    shop: DeployScene, here: Installation, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.fault("unhealthy")  # the host was down, and the application is still starting
    monkeypatch.setattr(soak, "LONGER", timedelta(0))
    mended = (shop.stage.folder / "green.unhealthy").unlink
    assert before_look(monkeypatch, {2: mended}) == []
    assert watch(shop, here, 0)[0] == "Stable"
    assert runs.by_key == {}


def test_one_restart_takes_nothing_back_and_the_watch_goes_on_to_see_the_second(
    shop: DeployScene, here: Installation, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def restart() -> None:
        platform = shop.stage.platform
        platform.restart_serving("green", platform.instances("green"))
        platform.prepare("green", answers)

    looks = before_look(monkeypatch, {2: restart, 7: restart})
    assert watch(shop, here)[0] == "Trouble"
    assert looks == [1, 2, 3, 4, 5, 6, 7]
    assert "it was restarted 2 times" in asked(runs)["reason"]


def test_what_was_not_measured_before_the_deploy_is_left_to_people(
    shop: DeployScene, here: Installation, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    uses = [100.0]
    monkeypatch.setattr(Processes, "usage", lambda *_: Usage(memory_mb=uses[-1]))
    before_look(monkeypatch, {2: lambda: uses.append(400.0)})
    assert watch(shop, here)[0] == "Trouble"
    only_escalated(shop, here, runs, "it uses 400 MB, at first 100 MB")
