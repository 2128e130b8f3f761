"""A part of the traffic goes to the old release: on real processes behind a real Caddy, also where the run is killed."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from blocks.routers.caddy_files import CaddyFiles
from blocks.routers.contract import Receipt
from domain.outcomes import Outcome
from domain.plan import Decision
from domain.request import SHIFT_TRAFFIC, Kind
from flows.conclude import conclude
from flows.path import take_back
from tasks import soak
from tasks.assess import make_plan
from tasks.study_database import planned
from tasks.survey import survey
from tests.flows.deploy_stage import DeployStage
from tests.flows.shift_stage import HALF, TO_GREEN_FIRST, Shop, a_shop, shop, weighted
from tests.flows.stage import ONLY_BLUE_PASSES, Scene

__all__ = ["shop", "weighted"]

pytestmark = pytest.mark.usefixtures("impatient")


def test_a_half_goes_to_the_old_release_and_the_rest_stays(shop: Shop) -> None:
    assert shop.walk(take_back) is Outcome.SHIFTED, shop.data("ending")
    assert shop.stage.shares() == HALF
    with httpx.Client(trust_env=False, timeout=10) as client:
        seen = Counter(client.get(shop.stage.platform.address).json()["version"] for _ in range(40))
    assert seen == {"2.0": 20, "1.0": 20}
    [switched] = shop.data("switched")
    assert (switched["receipt"]["before"], switched["receipt"]["after"]) == ("blue", "blue 50 %, green 50 %")
    [verified] = shop.data("verified")
    assert {row["on"] for row in verified["findings"]} >= {"router", "blue", "green"}
    assert shop.quarantined() == []
    report = shop.report()
    assert "**Shift traffic**, because:" in report
    assert "Traffic: blue before, blue 50 %, green 50 % as planned" in report
    assert f"backout rollback {shop.name}" in report


def test_a_share_that_the_router_cannot_give_is_rounded_down_and_said(shop: Shop) -> None:
    assert shop.walk(take_back, share=25) is Outcome.SHIFTED
    assert shop.stage.shares() == {"blue": 80, "green": 20}
    [planned] = shop.data("planned")
    assert "25 % was asked for; this router gives steps of 10 %" in planned["plan"]["why"]


def test_users_who_were_badly_off_before_do_not_stop_it(shop: Shop) -> None:
    (shop.stage.folder / "blue.unhealthy").touch()
    assert shop.walk(take_back) is Outcome.SHIFTED, shop.data("ending")
    assert shop.stage.shares() == HALF


def test_where_the_old_release_fails_with_users_on_it_all_traffic_is_where_it_was(
    weighted: DeployStage, tmp_path: Path
) -> None:
    shop = a_shop(weighted, tmp_path, checks=ONLY_BLUE_PASSES)
    assert shop.walk(take_back) is Outcome.WENT_BACK
    assert shop.stage.serving() == "blue"
    [back] = shop.data("went back")
    assert (back["receipt"]["before"], back["receipt"]["after"]) == ("blue 50 %, green 50 %", "blue")


@pytest.mark.parametrize(("kind", "shares"), [(Kind.ROLLBACK, TO_GREEN_FIRST), (Kind.EMERGENCY, HALF)])
def test_a_rollback_gives_the_old_release_the_rest(shop: Shop, kind: Kind, shares: dict[str, int]) -> None:
    shop.share(**shares)
    assert shop.rollback(kind=kind) is Outcome.ROLLED_BACK, shop.data("ending")
    assert shop.stage.shares() == {"green": 100}
    assert shop.quarantined() == ["2.0"]
    [planned] = shop.data("planned")
    plan = planned["plan"]
    assert (plan["from_slot"], plan["to_slot"], plan["from_shares"]) == ("blue", "green", shares)
    [switched] = shop.data("switched")
    said = f"blue {shares['blue']} %, green {shares['green']} %"
    assert (switched["receipt"]["before"], switched["receipt"]["after"]) == (said, "green")
    if kind is Kind.ROLLBACK:
        assert f"traffic is shared out now: {said}" in plan["why"]


def test_a_rollback_that_does_not_verify_shares_traffic_out_as_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = CaddyFiles.switch

    def spoilt(router: CaddyFiles, *arguments: Any) -> Receipt:
        (shop.stage.folder / "green.unhealthy").touch()
        return switch(router, *arguments)

    shop.share(**TO_GREEN_FIRST)
    monkeypatch.setattr(CaddyFiles, "switch", spoilt)
    assert shop.rollback() is Outcome.WENT_BACK
    assert shop.stage.shares() == TO_GREEN_FIRST


def test_a_shift_goes_on_from_a_shift_and_never_back(shop: Shop) -> None:
    assert shop.walk(take_back, share=20) is Outcome.SHIFTED
    assert shop.walk(take_back, "second", share=70) is Outcome.SHIFTED
    assert shop.stage.shares() == {"blue": 30, "green": 70}
    assert shop.walk(take_back, "third", share=50) is Outcome.NOTHING_TO_DO
    assert shop.stage.shares() == {"blue": 30, "green": 70}


def test_the_other_release_gets_all_of_it_again_where_it_is_asked_for(shop: Shop) -> None:
    assert shop.walk(take_back) is Outcome.SHIFTED
    assert shop.rollback(to="2.0") is Outcome.ROLLED_BACK
    assert shop.stage.serving() == "blue"


def test_a_part_that_goes_to_no_slot_is_not_moved(shop: Shop) -> None:
    shop.share(**HALF)
    (shop.stage.active / "3").write_text("127.0.0.1:1")
    assert shop.rollback() is Outcome.HELD


def test_a_rollback_offers_it_and_its_plan_offers_no_other(shop: Shop) -> None:
    with shop.installation() as here:
        case = shop.case(here, runbook="rollback", share=None, severity=None)
        assert make_plan(case, survey(case)).offers == ["restart", "shift", "hotfix"]
        plan = planned(here, shop.document, shop.request(severity=None))
    assert (plan.decision, plan.to_shares) == (Decision.SHIFT, HALF)
    assert plan.offers == ["restart", "hotfix"]


def test_a_router_that_gives_one_slot_all_offers_none_and_holds(scene: Scene) -> None:
    with scene.installation() as here:
        case = scene.case(here, severity=None)
        assert make_plan(case, survey(case)).offers == ["restart", "hotfix"]
        plan = planned(here, scene.document, scene.request(runbook=SHIFT_TRAFFIC, share=50))
    assert plan.decision is Decision.HOLD
    assert plan.why == ["this platform's router gives one slot all of the traffic"]


@pytest.mark.parametrize("shares", [{"green": 100}, TO_GREEN_FIRST])
def test_it_moves_nothing_where_traffic_was_moved_while_people_were_asked(
    shop: Shop, shares: dict[str, int]
) -> None:
    with shop.installation() as here:
        case = shop.case(here)
        make_plan(case, survey(case))
        shop.share(**shares)
        outcome, why = conclude(case, take_back)
    assert outcome is Outcome.HELD
    assert "green" in why
    assert shop.stage.shares() == shares


def test_its_watch_looks_at_the_shares(shop: Shop) -> None:
    with shop.installation() as here:
        case = shop.case(here)
        assert conclude(case, take_back)[0] is Outcome.SHIFTED
        assert soak.look_again(case, every_check=True).problem == ""
        shop.share(blue=100)
        seen = soak.look_again(case)
    assert seen.certain
    assert "traffic is on blue now, no longer on blue 50 %, green 50 %" in seen.problem
