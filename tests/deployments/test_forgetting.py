"""What is old goes, on a real PostgreSQL; what a decision or an incident rests on stays."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from blocks.home import Home
from blocks.installation import Installation
from blocks.store import Store, alerts, codes, retention
from blocks.store.codes import Asked
from deployments.forgetting import forget_once
from domain.alert import Alert, Received
from domain.findings import Finding, Verdict
from domain.outcomes import Outcome
from domain.reaction import Result
from domain.request import Request
from tests.blocks.ledger_child import KEY
from tests.blocks.store.postgres import running_postgres

APP = "shop/production"
OLD, YOUNG = 91, 89
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def opened() -> Iterator[Store]:
    with running_postgres() as postgres:
        store = Store(postgres.ensure_database("retention"), KEY)
        store.database.migrate()
        yield store
        store.rest()


@pytest.fixture
def store(opened: Store) -> Store:
    with opened.database.transaction() as connection:
        connection.execute("TRUNCATE alerts, detections, codes, incidents CASCADE")
    return opened


def finding(said: str) -> Finding:
    return Finding(name="health", on="blue", verdict=Verdict.BAD, said=said, at=BEGAN)


def alert(
    store: Store, name: str, days: int, detection: str | None = None, incident: str | None = None
) -> None:
    made = Alert(sender="generic", name=name, fingerprint=name, application=APP, started_at=BEGAN)
    result = Result.STARTED if detection else Result.GROUPED
    with store.database.transaction() as connection:
        kept = alerts.keep(connection, Received(alert=made, application=APP), result, detection, incident)
        aged = "UPDATE alerts SET taken_at = now() - make_interval(days => %s), seen_at = now() - make_interval(days => %s) WHERE id = %s"
        connection.execute(aged, [days, days, kept.id])


def detection(store: Store, said: str, days: int) -> str:
    made = store.detect(APP, [finding(said)])
    with store.database.transaction() as connection:
        aged = "UPDATE detections SET at = now() - make_interval(days => %s) WHERE id = %s"
        connection.execute(aged, [days, made])
    return made


def incident(store: Store, days: int, *said: str) -> str:
    request = Request(application=APP, detection=[finding(one) for one in said])
    begun = store.begin(request, f"run of {said}")
    assert begun.hold is not None
    store.close(begun.hold, Outcome.HELD)
    with store.database.transaction() as connection:
        aged = "UPDATE incidents SET opened_at = now() - make_interval(days => %s) WHERE id = %s"
        connection.execute(aged, [days, begun.incident.id])
    return begun.incident.id


def column(store: Store, query: str) -> list[str]:
    with store.database.transaction() as connection:
        return [str(row["found"]) for row in connection.execute(query)]


def names(store: Store) -> list[str]:
    return column(store, "SELECT received -> 'alert' ->> 'name' AS found FROM alerts ORDER BY 1")


def forgotten(store: Store) -> dict[str, int]:
    return forget_once(Installation(Home.from_env(), store))


def test_alerts_go_by_when_they_were_sent_last(store: Store) -> None:
    alert(store, "old", OLD)
    alert(store, "young", YOUNG)
    alert(store, "fires still", OLD)
    [fires] = column(
        store, "SELECT id AS found FROM alerts WHERE received -> 'alert' ->> 'name' = 'fires still'"
    )
    with store.database.transaction() as connection:
        alerts.seen(connection, fires)  # type: ignore[arg-type] # PostgreSQL reads it
    assert forgotten(store) == {"alerts": 1, "detections": 0, "codes": 0}
    assert names(store) == ["fires still", "young"]


def test_what_an_incident_rests_on_stays(store: Store) -> None:
    began, fell = incident(store, OLD, "began it", "and went on"), incident(store, OLD, "fired")
    alert(store, "began it", OLD, detection(store, "as an alert", OLD), began)
    alert(store, "was noted", OLD, None, began)
    by_watch = detection(store, "fired", OLD)
    detection(store, "warned only", OLD)
    young = detection(store, "fired now", YOUNG)
    assert forgotten(store) == {"alerts": 1, "detections": 1, "codes": 0}
    assert names(store) == ["began it"]
    assert {by_watch, young} < set(column(store, "SELECT id AS found FROM detections"))
    assert len(column(store, "SELECT id AS found FROM detections")) == 3
    assert [store.problems(one) for one in (began, fell)] == [[], []]


def test_a_detection_as_older_versions_kept_it_stays_with_its_incident(store: Store) -> None:
    incident(store, OLD, "fired")
    kept = detection(store, "fired", OLD)
    with store.database.transaction() as connection:
        connection.execute("UPDATE detections SET findings = findings -> 'findings'")
    forgotten(store)
    assert column(store, "SELECT id AS found FROM detections") == [kept]


def test_an_alert_that_began_no_incident_takes_its_detection_along(store: Store) -> None:
    alert(store, "in vain", OLD, detection(store, "in vain", OLD))
    assert forgotten(store) == {"alerts": 1, "detections": 1, "codes": 0}


def test_codes_go_with_their_closed_request(store: Store) -> None:
    closed = incident(store, OLD, "one")
    waits = store.begin(Request(application=APP), "another").incident.id
    for one in (closed, waits):
        codes.give(store.database, Asked(one, "plan"), "ann", datetime.now(UTC), KEY)
    with store.database.transaction() as connection:
        connection.execute("UPDATE codes SET until = now() - make_interval(days => %s)", [OLD])
    assert forgotten(store)["codes"] == 1
    assert column(store, "SELECT incident AS found FROM codes") == [waits]


def test_more_than_goes_at_once_goes_in_the_end(store: Store) -> None:
    with store.database.transaction() as connection:
        connection.execute(
            "INSERT INTO detections SELECT n::text, 'shop/x', '[]', now() - interval '1 year' FROM generate_series(1, %s) n",
            [retention.AT_ONCE + 1],
        )
    assert forgotten(store)["detections"] == retention.AT_ONCE + 1
