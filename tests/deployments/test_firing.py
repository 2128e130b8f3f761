"""A trigger that fires: its runbook, and what becomes of it beside the alerts of the same application."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from blocks import configuration
from blocks.document import Document
from blocks.installation import Installation
from blocks.spool import Spool
from blocks.store import alerts, configurations
from blocks.store.configurations import Applied
from deployments.alert_forwarding import Forwarder
from deployments.events import TRIGGER_FIRED
from deployments.firing import WARNED, Firing
from domain.alert import Received
from domain.errors import PrefectUnavailable
from domain.findings import Finding, Verdict
from domain.reaction import OPENING_S
from domain.triggers import Trigger, window_of
from domain.triggers.basis import OfWatch
from tests.blocks.configuration.documents import DB_URL, changed
from tests.deployments.alerting import (
    Prefect,
    forwarder,
    here,
    opened,
    passed,
    prefect,
    received,
    results,
    spool,
    store,
)
from tests.deployments.test_alert_urgent import wait_for_people

__all__ = ["forwarder", "here", "prefect", "spool", "store"]

NUMBERS = itertools.count(1)
DOWN = {"failures": 1, "issue": "service-outage"}
SICK = Finding(name="health", on="router", verdict=Verdict.BAD, said="http 503")


def applied(here: Installation, **changes: Any) -> Document:
    """An application that no other test knows."""
    raw = changed("description", to="a shop") | {"policy": {"preset": "default"}, **changes}
    raw["name"] = f"shop/f{next(NUMBERS)}"
    configurations.keep(here.store.database, Applied(raw["name"], raw, "digest", "a test"), "ann")
    return configuration.document(raw, "a test", {"DB_URL": DB_URL})


class Fires:
    """One trigger of an application, which holds."""

    def __init__(self, here: Installation, document: Document, **rule: Any) -> None:
        self.here = here
        self.firing = Firing(document, Trigger.model_validate(DOWN | rule))

    def send(self) -> str:
        """As the watch offers it; why it is held back."""
        window = window_of(self.firing.trigger, {})
        self.firing.send(self.here, window, window.add(SICK, 0.0))
        return self.firing.held


def test_tried_again_it_is_the_same_event_and_occurs_when_it_is_told(
    here: Installation, prefect: Prefect
) -> None:
    fires = Fires(here, applied(here))
    prefect.away = True
    with pytest.raises(PrefectUnavailable):
        fires.send()
    with pytest.raises(PrefectUnavailable):
        fires.send()
    prefect.away = False
    between = datetime.now(UTC)
    assert fires.send() == ""
    [event] = prefect.taken.values()
    assert event["event"] == TRIGGER_FIRED
    assert datetime.fromisoformat(event["occurred"]) >= between
    kept = here.store.detection(event["payload"]["detection"])
    assert kept.findings == [SICK]
    assert isinstance(kept.basis, OfWatch)
    with here.store.database.transaction() as connection:
        found = connection.execute("SELECT count(*) AS n FROM detections WHERE application = %s",
                                   [fires.firing.document.name]).fetchone()  # fmt: skip
    assert found == {"n": 1}


def test_a_warning_counts_as_no_alert(here: Installation, prefect: Prefect) -> None:
    document = applied(here, channels=[])
    Fires(here, document, level="warning").send()
    [event] = prefect.taken.values()
    assert event["event"] == WARNED
    assert results(here, document.name) == []


RULES = [
    {"match": {"alertname": "api", "sender": "backout watch"}, "runbook": "api-breaking-change"},
    {"match": {"issue": "performance-degradation"}, "runbook": "performance-degradation"},
]


@pytest.mark.parametrize(
    ("rule", "runbook"),
    [
        ({"runbook": "service-outage"}, "service-outage"),
        ({"name": "api", "runbook": "service-outage"}, "service-outage"),
        ({"name": "api"}, "api-breaking-change"),
        ({"issue": "performance-degradation"}, "performance-degradation"),
        ({}, "rollback"),
    ],
)
def test_it_starts_its_own_runbook_else_that_of_the_rules_for_alerts(
    here: Installation, prefect: Prefect, rule: dict[str, Any], runbook: str
) -> None:
    Fires(here, applied(here, alerts={"rules": RULES}), **rule).send()
    [event] = prefect.starting()
    assert (event["resource"]["backout.runbook"], event["payload"]["runbook"]) == (runbook, runbook)
    assert event["payload"]["asked_by"] == "backout watch"


def test_after_a_start_by_an_alert_a_trigger_waits_and_starts_when_the_pause_is_over(
    here: Installation, prefect: Prefect, forwarder: Forwarder, spool: Spool[Received]
) -> None:
    document = applied(here, alerts={"cool_down_s": 300})
    spool.put([received(document.name)])
    forwarder.step()
    passed(here, 100)
    fires = Fires(here, document)
    assert "alerts.cool_down_s" in fires.send()
    assert "alerts.cool_down_s" in fires.send()
    [_, held] = prefect.taken.values()
    assert held["event"] == TRIGGER_FIRED
    assert (held["resource"]["backout.reaction"], held["payload"]["result"]) == ("note", "cooling")
    assert "cool_down_s" in held["payload"]["why"]
    passed(here, 300)
    assert fires.send() == ""
    assert results(here, document.name) == ["started", "started"]
    assert [one["event"] for one in prefect.starting()] == ["backout.alert.firing", TRIGGER_FIRED]
    assert here.store.detection(prefect.starting()[1]["payload"]["detection"]).findings == [SICK]


def test_after_a_start_by_a_trigger_an_alert_waits_and_both_count_for_the_day(
    here: Installation, prefect: Prefect, forwarder: Forwarder, spool: Spool[Received]
) -> None:
    document = applied(here, alerts={"cool_down_s": 300, "per_day": 2})
    Fires(here, document).send()
    passed(here, 100)
    spool.put([received(document.name)])
    forwarder.step()
    assert results(here, document.name) == ["started", "cooling"]
    passed(here, 300)
    spool.put([received(document.name)])
    forwarder.step()
    passed(here, 300)
    fires = Fires(here, document, name="another")
    assert "alerts.per_day" in fires.send()
    assert results(here, document.name) == ["started", "started", "capped"]
    assert len(prefect.starting()) == 2
    passed(here, 24 * 3600 - 500)
    assert fires.send() == ""


def test_with_an_incident_open_it_is_noted_there_and_starts_once_that_has_ended(
    here: Installation, prefect: Prefect
) -> None:
    document = applied(here, alerts={"cool_down_s": 0})
    incident = opened(here, document.name)
    fires = Fires(here, document)
    assert "the incident that is open" in fires.send()
    fires.send()
    [noted] = [entry.data for entry in here.store.entries(incident) if entry.kind == "alerted"]
    assert [(one["sender"], one["name"]) for one in noted["alerts"]] == [("backout watch", "health")]
    assert prefect.starting() == []
    with here.store.database.transaction() as connection:
        connection.execute("UPDATE locks SET until = now() - interval '1 second'")
    assert fires.send() == ""
    assert len(prefect.starting()) == 1


def test_two_triggers_at_once_are_one_start(here: Installation, prefect: Prefect) -> None:
    document = applied(here)
    assert Fires(here, document).send() == ""
    assert Fires(here, document, name="another").send()
    assert results(here, document.name) == ["started", "grouped"]
    assert len(prefect.starting()) == 1


def test_one_that_prefect_was_never_told_of_holds_nothing_back_for_long(
    here: Installation, prefect: Prefect
) -> None:
    document = applied(here)
    prefect.away = True
    with pytest.raises(PrefectUnavailable):
        Fires(here, document).send()
    prefect.away = False
    again = Fires(here, document)
    assert again.send()
    passed(here, OPENING_S + 1)
    assert again.send() == ""


@pytest.mark.parametrize("opens", [False, True])
def test_a_run_that_was_refused_is_followed_by_no_pause_once_the_application_is_applied_again(
    here: Installation, forwarder: Forwarder, opens: bool
) -> None:
    document = applied(here)
    Fires(here, document).send()
    if opens:
        opened(here, document.name)
        forwarder.step()
        with here.store.database.transaction() as connection:
            connection.execute("UPDATE locks SET until = now() - interval '1 second'")
    again = Fires(here, document)
    passed(here, OPENING_S)
    assert again.send()
    again_applied = Applied(document.name, changed("name", to=document.name), "digest", "a test")
    configurations.keep(here.store.database, again_applied, "ann")
    assert bool(again.send()) is opens


def test_a_run_that_never_began_is_asked_for_again_with_the_samples(
    here: Installation, prefect: Prefect, forwarder: Forwarder
) -> None:
    document = applied(here)
    Fires(here, document, runbook="service-outage").send()
    with here.store.database.transaction() as connection:
        connection.execute(
            "UPDATE alerts SET taken_at = taken_at - interval '2 minutes', sent_at = sent_at - interval '2 minutes'"
        )
    forwarder.step()
    first, second = [one for one in prefect.taken.values() if one["payload"]["application"] == document.name]
    assert first["id"] != second["id"]
    assert {**first, "id": "", "occurred": ""} == {**second, "id": "", "occurred": ""}
    here.store.alert_read(first["payload"]["detection"], "run 1")
    with here.store.database.transaction() as connection:
        assert [kept for kept in alerts.unread(connection, 0) if kept.application == document.name] == []


def test_what_is_critical_goes_before_an_incident_that_waits_for_people(
    here: Installation, prefect: Prefect
) -> None:
    document = applied(here)
    wait_for_people(here, document.name)
    assert Fires(here, document, name="slow", issue="performance-degradation").send()
    assert Fires(here, document).send() == ""
    assert len(prefect.starting()) == 1
