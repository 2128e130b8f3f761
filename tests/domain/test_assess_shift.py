"""A part of the traffic for the old release: what is planned, and what a rollback makes of traffic that is shared out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.assess_database import decide
from domain.assess_shift import BOTH_SERVE, CANNOT, rounded
from domain.plan import Decision, Plan
from domain.release import Release, Slot, Survey
from domain.request import SHIFT_TRAFFIC
from domain.severity import Severity
from domain.shares import in_words, with_origin
from tests.domain.test_assess import situation

APPLICATION = "shop/production"


def decided(
    *, share: int | None = 50, grain: int | None = 10, shares: dict[str, int] | None = None, **over: Any
) -> Plan:
    runbook = SHIFT_TRAFFIC if share else "rollback"
    found = situation(runbook=runbook, share=share, **over)
    survey = found.survey.model_copy(update={"shares": shares or {}})
    return decide(found.model_copy(update={"survey": survey, "grain": grain}))


def test_the_target_of_a_rollback_gets_a_part_and_the_rest_stays() -> None:
    plan, whole = decided(), decided(share=None)
    assert (plan.decision, plan.stops_with) == (Decision.SHIFT, None)
    assert (plan.from_slot, plan.to_slot) == (whole.from_slot, whole.to_slot) == ("green", "blue")
    assert (plan.before, plan.after) == ({"green": 100}, {"green": 50, "blue": 50})
    assert (whole.before, whole.after) == ({"green": 100}, {"blue": 100})
    assert plan.acts == whole.acts
    assert BOTH_SERVE in plan.at_risk
    assert "shift" in whole.offers
    assert "shift" not in plan.offers


@pytest.mark.parametrize(
    ("wanted", "grain", "given"),
    [(50, 10, 50), (25, 10, 20), (5, 10, 10), (99, 10, 90), (25, 1, 25), (7, 5, 5)],
)
def test_a_share_is_rounded_to_what_the_router_gives(wanted: int, grain: int, given: int) -> None:
    assert rounded(wanted, grain) == given
    plan = decided(share=wanted, grain=grain)
    assert plan.to_shares["blue"] == given
    assert any("was asked for" in why for why in plan.why) is (wanted != given)


def test_it_holds_where_the_router_cannot_or_a_rollback_would_hold() -> None:
    plan = decided(grain=None)
    assert (plan.decision, plan.why, plan.acts) == (Decision.HOLD, [CANNOT], [])
    assert "shift" not in decided(share=None, grain=None).offers
    sick = decided(health={"blue": "http 500", "red": "http 500"})
    assert sick.decision is Decision.HOLD
    assert not sick.to_shares


def test_a_release_that_has_as_much_already_is_left_alone() -> None:
    shares = {"green": 40, "blue": 60}
    assert decided(share=60, shares=shares).decision is Decision.NOTHING_TO_DO
    assert decided(share=80, shares=shares).to_shares == {"green": 20, "blue": 80}


def test_a_rollback_begun_while_traffic_is_shared_out_knows_how_it_was() -> None:
    plan = decided(share=None, shares={"green": 10, "blue": 90})
    assert (plan.decision, plan.from_slot, plan.to_slot) == (Decision.ROLL_BACK, "green", "blue")
    assert (plan.before, plan.after) == ({"green": 10, "blue": 90}, {"blue": 100})
    assert "traffic is shared out now: green 10 %, blue 90 %" in plan.why


def survey(shares: dict[str, int], serving: str | None = None) -> Survey:
    slots = [Slot(name="blue", version="1", running=True), Slot(name="green", version="2", running=True)]
    return Survey(application=APPLICATION, slots=slots, serving=serving, shares=shares)


def release(version: str, day: int | None) -> Release:
    since = datetime(2026, 11, day, tzinfo=UTC) if day else None
    came = since or datetime(2026, 11, 10, tzinfo=UTC)
    return Release(application=APPLICATION, version=version, served_since=since, recorded_at=came)


def test_a_release_that_served_before_and_was_deployed_again_is_the_newest() -> None:
    again = release("2", 1).model_copy(update={"recorded_at": datetime(2026, 11, 9, tzinfo=UTC)})
    assert with_origin(survey({"blue": 90, "green": 10}), [again, release("1", 5)]).serving == "green"


@pytest.mark.parametrize(
    ("shares", "releases", "origin"),
    [
        ({"blue": 90, "green": 10}, [release("2", 2), release("1", 1)], "green"),
        ({"blue": 10, "green": 90}, [release("2", 1), release("1", 2)], "blue"),
        ({"blue": 90, "green": 10}, [release("2", None), release("1", 1)], "green"),
        ({"blue": 90, "green": 10}, [release("1", 1)], "green"),
        ({"blue": 90, "green": 10}, [], "blue"),
        ({"blue": 60}, [release("1", 1)], None),
    ],
)
def test_a_rollback_takes_traffic_from_the_newest_release(
    shares: dict[str, int], releases: list[Release], origin: str | None
) -> None:
    assert with_origin(survey(shares), releases).serving == origin


def test_traffic_is_not_taken_from_the_release_that_is_asked_for() -> None:
    shared = survey({"blue": 90, "green": 10})
    known = [release("2", 2), release("1", 1)]
    assert with_origin(shared, known, "2").serving == "blue"
    assert with_origin(shared, known, "1").serving == "green"
    assert with_origin(shared, known, "9").serving == "green"


def test_a_slot_that_has_all_of_it_is_the_origin() -> None:
    assert with_origin(survey({}, serving="blue"), [release("2", 2)]).serving == "blue"


def test_shares_in_words() -> None:
    assert (in_words({"blue": 90, "green": 10}), in_words({"green": 100})) == (
        "blue 90 %, green 10 %",
        "green",
    )


def test_a_release_that_never_had_all_traffic_is_left_without_asking() -> None:
    """What ends a canary asks nobody; what takes back a release that served does."""
    shares = {"green": 10, "blue": 90}
    asks = situation(runbook="rollback", severity=Severity.HIGH)
    known = [
        row.model_copy(update={"served_since": None}) if row.slot == "green" else row for row in asks.releases
    ]
    survey = asks.survey.model_copy(update={"shares": shares})
    found = asks.model_copy(update={"survey": survey})
    assert decide(found).consent is not None
    assert decide(found.model_copy(update={"releases": known})).consent is None
