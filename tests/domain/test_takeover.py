from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.incident import Incident
from domain.journal import Entry, following
from domain.journal_kinds import Happened
from domain.request import DEPLOY, PROMOTE, Kind, Request
from domain.takeover import may_have_moved, refusal, stands_in_the_way

NOW = datetime(2026, 11, 1, tzinfo=UTC)
KEY = b"key"


def asked(**fields: Any) -> Request:
    return Request(application="shop/production", **fields)


def abandoned(minutes: float = 1, **fields: Any) -> Incident:
    opened = NOW - timedelta(minutes=minutes)
    return Incident(id="one", application="shop/production", request=asked(**fields), opened_at=opened)


def entry(kind: Happened, **data: Any) -> Entry:
    return following(None, "one", kind, data, KEY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({}, {}),
        ({"to": "9"}, {}),
        ({"to": "9"}, {"to": "9"}),
        ({"kind": Kind.EMERGENCY}, {}),
        ({"even_unhealthy": True, "force": True}, {"even_unhealthy": True, "force": True}),
    ],
)
def test_the_same_wish_shortly_after_goes_on(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert refusal(abandoned(**old), [entry(Happened.PLANNED)], asked(**new), NOW) == ""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ({}, {"to": "9"}, "release 9"),
        ({"to": "8"}, {"to": "9"}, "release 9"),
        ({}, {"kind": Kind.EMERGENCY}, "kind emergency"),
        ({"kind": Kind.DEPLOY}, {}, "died in a deploy"),
        ({}, {"even_unhealthy": True}, "target's health"),
        ({"even_unhealthy": True}, {}, "target's health"),
        ({"minutes": 10}, {}, "10 minutes old"),
        ({"share": 50}, {}, "another share"),
        ({}, {"share": 50}, "another share"),
        ({"share": 50}, {"share": 20}, "another share"),
    ],
)
def test_another_wish_or_an_old_plan_begins_anew(old: dict[str, Any], new: dict[str, Any], why: str) -> None:
    assert why in refusal(abandoned(**old), [entry(Happened.PLANNED)], asked(**new), NOW)


@pytest.mark.parametrize(
    ("moved", "of"),
    [
        (True, entry(Happened.SWITCHED)),
        (True, entry(Happened.ACT_STARTED, act="switch")),
        (True, entry(Happened.ACT_STARTED, act="go back")),
        (True, entry(Happened.ACT_STARTED, act="put in place")),
        (True, entry(Happened.RECONCILED, entry=entry(Happened.SWITCHED).model_dump(mode="json"))),
        (False, entry(Happened.ACT_STARTED, act="prepare")),
        (False, entry(Happened.RECONCILED, entry=entry(Happened.PLANNED).model_dump(mode="json"))),
    ],
)
def test_traffic_that_may_have_moved_is_finished_whatever_is_asked(moved: bool, of: Entry) -> None:
    assert may_have_moved([of]) is moved
    assert bool(refusal(abandoned(minutes=60), [of], asked(to="9"), NOW)) is not moved


def test_a_shift_that_may_have_moved_traffic_is_finished_by_nothing_but_itself() -> None:
    begun = [entry(Happened.SWITCHED)]
    assert refusal(abandoned(share=50), begun, asked(share=50), NOW) == ""
    assert "another share" in refusal(abandoned(share=50), begun, asked(), NOW)
    assert refusal(abandoned(), begun, asked(share=50), NOW) == ""


THREE: dict[str, Any] = {"kind": Kind.DEPLOY, "runbook": DEPLOY, "to": "3.0"}
FOUR: dict[str, Any] = {**THREE, "to": "4.0"}
PROMOTED: dict[str, Any] = {**THREE, "runbook": PROMOTE}


@pytest.mark.parametrize(
    ("old", "new", "after_moving", "before"),
    [
        (THREE, THREE, False, False),
        (THREE, FOUR, True, False),
        (THREE, PROMOTED, True, False),
        (PROMOTED, THREE, True, False),
        (THREE, {}, False, False),
        ({}, THREE, True, True),
    ],
)
def test_a_deploy_neither_finishes_nor_ends_what_moved_traffic_for_another_wish(
    old: dict[str, Any], new: dict[str, Any], *, after_moving: bool, before: bool
) -> None:
    found, wish = abandoned(**old), asked(**new)
    assert stands_in_the_way(found, [entry(Happened.ACT_STARTED, act="shift traffic")], wish) is after_moving
    assert stands_in_the_way(found, [entry(Happened.PLANNED)], wish) is before


def test_before_traffic_moved_another_deploy_begins_anew() -> None:
    planned = [entry(Happened.PLANNED)]
    assert "release 4.0" in refusal(abandoned(**THREE), planned, asked(**FOUR), NOW)
    assert "a deploy" in refusal(abandoned(**PROMOTED), planned, asked(**THREE), NOW)
    assert refusal(abandoned(**THREE), planned, asked(**THREE), NOW) == ""
