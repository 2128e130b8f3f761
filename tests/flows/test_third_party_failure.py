"""A third party fails: the feature is turned off first, and the release goes back only where that does not help."""

from pathlib import Path
from typing import Any

import pytest

from domain.errors import UnknownPart
from domain.findings import Finding, Verdict
from domain.outcomes import ENDS, Outcome
from flows.intake import known_part
from flows.third_party_failure import turn_off_then_take_back
from tasks import look_again
from tasks.assess import make_plan
from tasks.survey import survey
from tests.flows.flagged import FLAG, OFF, ON, FlaggedScene, flagged
from tests.flows.killing import Runs
from tests.flows.stage import Stage

pytestmark = pytest.mark.usefixtures("impatient")

PARTNER: dict[str, Any] = {"kind": "http", "name": "partner", "path": "/partner", "expect": {"status": 200}}
WIDGET: dict[str, Any] = {"kind": "http", "name": "widget", "path": "/widget", "expect": {"status": 200}}
POINTS = ["turn off", "note turned off", "look again", "note looked again", "note ending", "close"]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_again, "PAUSE_S", 0.01)


@pytest.fixture
def shop(stage: Stage, tmp_path: Path) -> FlaggedScene:
    return flagged(stage, tmp_path, checks=[PARTNER, WIDGET])


def test_where_the_flag_helps_the_release_stays_and_the_run_ends_there(shop: FlaggedScene) -> None:
    assert shop.walk(turn_off_then_take_back) is Outcome.TURNED_OFF, shop.data("ending")
    assert (shop.flag, shop.stage.serving()) == (OFF, "blue")
    plan = shop.incident().plan
    assert plan is not None
    assert plan.acts[:3] == ["preserve", "turn off", "look again"]
    [looked] = shop.data("looked again")
    assert (looked["helped"], looked["why"]) == (True, "")
    assert shop.data("switched") == []
    report = shop.report()
    assert f"{FLAG} turned off (its pods started anew)" in report
    assert "| partner | router | **BAD** http 502" in report
    assert "RTO" in report
    assert "| met |" in report
    with shop.installation() as here:
        assert [row.version for row in here.store.releases(shop.name) if row.quarantined_by] == []


def test_where_it_does_not_help_the_release_goes_back(shop: FlaggedScene) -> None:
    (shop.stage.folder / "blue.incompatible").touch()
    assert shop.walk(turn_off_then_take_back) is Outcome.ROLLED_BACK
    assert (shop.flag, shop.stage.serving()) == (OFF, "green")
    [looked] = shop.data("looked again")
    assert "widget: " in looked["why"]
    assert [row["part"] for row in shop.data("turned off")] == [FLAG]
    [ending] = shop.data("ending")
    assert ending["why"].endswith(f"{FLAG} was turned off, and stays so")


def test_a_flag_that_is_off_already_is_not_turned_off_again(shop: FlaggedScene) -> None:
    (shop.stage.folder / "integration").write_text(OFF)
    assert shop.walk(turn_off_then_take_back) is Outcome.ROLLED_BACK
    plan = shop.incident().plan
    assert plan is not None
    assert f"{FLAG} is off already" in " ".join(plan.why)
    assert shop.data("turned off") == []


def test_a_flag_helps_also_where_no_release_can_be_gone_back_to(shop: FlaggedScene) -> None:
    (shop.stage.folder / "green.unhealthy").touch()
    assert shop.walk(turn_off_then_take_back) is Outcome.TURNED_OFF


def test_where_neither_helps_it_says_both(shop: FlaggedScene) -> None:
    for file in ("green.unhealthy", "blue.incompatible"):
        (shop.stage.folder / file).touch()
    assert shop.walk(turn_off_then_take_back) is Outcome.HELD
    [ending] = shop.data("ending")
    assert "does not help: widget" in ending["why"]
    assert "not healthy now" in ending["why"]
    assert shop.stage.serving() == "blue"


def test_a_flag_that_cannot_be_turned_off_stops_no_rollback(shop: FlaggedScene) -> None:
    shop.broken = True
    assert shop.walk(turn_off_then_take_back) is Outcome.WONT_HELP, "the partner fails on both"
    assert (shop.flag, shop.stage.serving()) == (ON, "green")
    assert "read-only" in shop.report()


def test_trouble_that_no_check_sees_is_said_aloud(stage: Stage, tmp_path: Path) -> None:
    blind = flagged(stage, tmp_path / "blind", checks=[])
    alert = Finding(name="PartnerErrors", on="router", verdict=Verdict.BAD, said="50 % of calls fail")
    outcome = blind.walk(turn_off_then_take_back, detection=[alert], via="automation")
    assert outcome is Outcome.TURNED_OFF
    [ending] = blind.data("ending")
    assert "no check had seen the trouble" in ending["why"]


def test_a_flag_that_the_platform_does_not_have_is_refused_before_anything_begins(shop: FlaggedScene) -> None:
    with pytest.raises(UnknownPart, match="flag:other"):
        known_part(shop.document, shop.request(flag="other"))


def test_a_run_that_needs_consent_asks_for_both_steps_at_once(shop: FlaggedScene) -> None:
    with shop.installation() as here:
        case = shop.case(here, severity=None)
        plan = make_plan(case, survey(case))
    assert plan.consent is not None
    assert plan.said == f"turn {FLAG} off; where that does not help: roll back"
    assert ENDS[Outcome.TURNED_OFF].exit_code == 0


@pytest.mark.parametrize("point", [f"{when} {step}" for step in POINTS for when in ("before", "after")])
def test_killed_anywhere_it_ends_with_the_feature_off_and_the_release_in_place(
    shop: FlaggedScene, tmp_path: Path, point: str
) -> None:
    runs = Runs(shop, turn_off_then_take_back, tmp_path)
    runs.start(dies_at=point)
    runs.start("first" if point == "after close" else "again")
    assert (shop.flag, shop.stage.serving()) == (OFF, "blue")
    with shop.installation() as here:
        [*_, first] = here.store.incidents(shop.name)
        assert first.outcome is Outcome.TURNED_OFF
        assert here.store.problems(first.id) == []
