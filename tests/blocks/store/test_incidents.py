"""What becomes of an incident whose run died, when the next request comes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blocks.store import Store
from domain.outcomes import Outcome
from domain.request import Kind
from tests.blocks.incidents import plan, request
from tests.blocks.ledger_contract import begun


def abandoned(store: Store, age: str = "1 second") -> str:
    """An incident with a plan, its run dead; its id."""
    first, hold = begun(store)
    store.keep_plan(hold, plan())
    with store.database.transaction() as connection:
        connection.execute("UPDATE locks SET until = now() - interval '1 second'")
        connection.execute("UPDATE incidents SET opened_at = opened_at - %s::interval", [age])
    return first.incident.id


@pytest.mark.parametrize(
    ("age", "kind", "asked"),
    [
        ("1 hour", Kind.ROLLBACK, {}),
        ("1 second", Kind.ROLLBACK, {"to": "0.9"}),
        ("1 second", Kind.EMERGENCY, {}),
        ("1 second", Kind.ROLLBACK, {"even_unhealthy": True}),
        ("1 second", Kind.ROLLBACK, {"urgent": True}),
    ],
)
def test_its_plan_is_not_carried_out_for_another_wish(
    store: Store, age: str, kind: Kind, asked: dict[str, Any]
) -> None:
    old = abandoned(store, age)
    new = store.begin(request(kind, **asked), "run-2")
    assert new.hold is not None
    assert (new.incident.id != old, new.incident.plan, new.resumed) == (True, None, False)
    assert new.incident.request.to == asked.get("to")
    assert store.incident(old).outcome is Outcome.SUPERSEDED
    closed = store.entries(old)[-1]
    assert (closed.kind, closed.data["why"].startswith("its run died")) == ("closed", True)
    back = store.begin(request(), "run-1")
    assert (back.incident.id, back.hold) == (old, None)


def test_what_is_urgent_goes_before_one_that_waits_and_is_joined_by_the_next(store: Store) -> None:
    waiting, hold = begun(store)
    store.wait(hold, datetime.now(UTC) + timedelta(minutes=1))
    outage = request(urgent=True, runbook="service-outage")
    urgent = store.begin(outage, "urgent")
    assert urgent.hold is not None
    closed = store.entries(waiting.incident.id)[-1]
    assert closed.data["why"] == f"service-outage went before it: {urgent.incident.id}"
    store.wait(urgent.hold, datetime.now(UTC) + timedelta(minutes=1))
    second = store.begin(outage, "another")
    assert (second.incident.id, second.hold) == (urgent.incident.id, None)


@pytest.mark.parametrize("act", ["switch", "go back"])
def test_traffic_that_may_have_moved_is_finished_first(store: Store, act: str) -> None:
    old = abandoned(store, "1 hour")
    store.append(old, "act started", {"act": act})
    new = store.begin(request(Kind.EMERGENCY, to="0.9"), "run-2")
    assert (new.incident.id, new.resumed, new.incident.plan) == (old, True, plan())


def test_the_same_run_gets_its_own_whatever_its_age(store: Store) -> None:
    old = abandoned(store, "1 hour")
    again, _ = begun(store)
    assert (again.incident.id, again.incident.plan) == (old, plan())


def test_a_run_that_joined_begins_its_own_for_another_wish(store: Store) -> None:
    first, _ = begun(store)
    store.begin(request(to="0.9"), "run-2")
    with store.database.transaction() as connection:
        connection.execute("UPDATE locks SET until = now() - interval '1 second'")
    second = store.begin(request(to="0.9"), "run-2")
    assert second.hold is not None
    assert second.incident.id != first.incident.id
    assert store.incident_of("run-2") == second.incident.id
