"""Alerts that come while an incident waits for people: what is critical starts a run, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.store.alerts import is_over
from deployments.alert_decision import decide
from domain.basis import OfAlert
from domain.outcomes import Outcome
from domain.request import Request
from tests.deployments.alerting import BEGAN, OUTAGE, applied, here, passed, received, shop, store

__all__ = ["here", "shop", "store"]

SLOW = "performance-degradation"


def wait_for_people(here: Installation, shop: str, *, urgent: bool = False) -> str:
    begun = here.store.begin(Request(application=shop, issue=SLOW, urgent=urgent), f"{shop} waits")
    assert begun.hold
    here.store.wait(begun.hold, datetime.now(UTC) + timedelta(minutes=5))
    return begun.incident.id


def became(here: Installation, shop: str, issue: str, name: str) -> str:
    [decided] = decide(here, [received(shop, name).model_copy(update={"issue": issue})])
    return str(decided.result)


@pytest.mark.parametrize("before", [False, True])
def test_an_outage_starts_its_run_once(here: Installation, shop: str, before: bool) -> None:
    """Also where an alert started the run that waits, a moment ago."""
    if before:
        assert became(here, shop, SLOW, "slow") == "started"
    waiting = wait_for_people(here, shop)
    assert became(here, shop, SLOW, "slower") == "grouped"
    assert [became(here, shop, OUTAGE, f"down-{number}") for number in range(3)] == [
        "started",
        "grouped",
        "grouped",
    ]
    with here.store.database.transaction() as connection:
        row = connection.execute(
            "SELECT incident, detection FROM alerts WHERE application = %s AND result = 'started' AND received->>'issue' = %s",
            [shop, OUTAGE],
        ).fetchone()
    assert row
    assert row["incident"] is None
    basis = here.store.detection(row["detection"]).basis
    assert isinstance(basis, OfAlert)
    assert (basis.issue, basis.urgent, basis.gives_way) == (OUTAGE, True, True)
    assert here.store.incident(waiting).outcome is None  # its run takes over, not the alert


def test_an_outage_is_noted_where_one_waits_that_is_as_urgent(here: Installation, shop: str) -> None:
    wait_for_people(here, shop, urgent=True)
    assert became(here, shop, OUTAGE, "down") == "grouped"


def test_where_the_policy_asks_people_it_is_noted(here: Installation) -> None:
    asks = {"critical": {"action": "roll back", "rto_s": 120, "consent": {"people": 1}}}
    name = applied(here, policy={"preset": "default", "rules": asks})
    wait_for_people(here, name)
    assert became(here, name, OUTAGE, "down") == "grouped"


def test_the_pause_after_what_is_slow_holds_no_outage_back(here: Installation, shop: str) -> None:
    """The slow one was asked about and rejected; Alertmanager would tell of the outage again in four hours."""
    assert became(here, shop, SLOW, "slow") == "started"
    begun = here.store.begin(Request(application=shop, issue=SLOW), f"{shop} was slow")
    assert begun.hold
    here.store.close(begun.hold, Outcome.REJECTED)
    passed(here, 90)
    assert became(here, shop, SLOW, "slower") == "cooling"
    assert became(here, shop, OUTAGE, "down") == "started"
    passed(here, 90)
    assert [became(here, shop, OUTAGE, "again"), became(here, shop, SLOW, "slowest")] == [
        "cooling",
        "cooling",
    ]


def test_an_outage_within_the_seconds_that_a_slow_ones_run_needs_starts(
    here: Installation, shop: str
) -> None:
    assert [became(here, shop, issue, issue) for issue in (SLOW, OUTAGE)] == ["started", "started"]
    assert became(here, shop, OUTAGE, "another") == "grouped"


def test_the_days_cap_holds_for_an_outage_too(here: Installation) -> None:
    name = applied(here, alerts={"per_day": 1})
    assert [became(here, name, issue, issue) for issue in (SLOW, OUTAGE)] == ["started", "capped"]


def test_what_was_opened_again_and_is_over_starts_nothing(here: Installation, shop: str) -> None:
    """Prefect was away meanwhile; PagerDuty does not say which of both times is over."""
    fields: dict[str, Any] = {"fingerprint": "P1", "name": "Down"}
    again = received(shop, started_at=BEGAN, **fields)
    over = received(shop, started_at=BEGAN + timedelta(minutes=5), status="resolved", ends_all=True, **fields)
    anew = received(shop, started_at=BEGAN + timedelta(minutes=9), **fields)
    assert [str(one.result) for one in decide(here, [again, over])] == ["noted", "resolved"]
    with here.store.database.transaction() as connection:
        assert is_over(connection, again)
        assert not is_over(connection, anew)
