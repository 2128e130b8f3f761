"""From the spool to Prefect's event: with Prefect away, killed on the way, and many alerts of one application."""

from datetime import timedelta
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.spool import Spool
from blocks.store import alerts
from deployments import alert_forwarding
from deployments.alert_forwarding import AWAY_S, Forwarder
from domain.alert import Received, Status
from tests.deployments.alerting import (
    OUTAGE,
    Prefect,
    applied,
    forwarder,
    here,
    opened,
    passed,
    prefect,
    received,
    results,
    shop,
    spool,
    store,
)

__all__ = ["forwarder", "here", "prefect", "shop", "spool", "store"]


def test_it_leaves_the_spool_once_prefect_has_it(
    forwarder: Forwarder, spool: Spool[Received], prefect: Prefect, shop: str
) -> None:
    row = received(shop)
    spool.put([row])
    prefect.away = True
    assert forwarder.step() == AWAY_S
    assert forwarder.step() == AWAY_S
    assert len(spool.files()) == 1
    prefect.away = False
    forwarder.step()
    assert spool.files() == []
    [event] = prefect.taken.values()
    assert event["id"] == str(row.alert.event_id)
    assert event["event"] == "backout.alert.firing"
    assert event["payload"]["application"] == shop
    assert event["resource"]["backout.runbook"] == "rollback"
    assert forwarder.here.store.detection(event["payload"]["detection"]).findings[0].name == "Broken"


@pytest.mark.parametrize("where", ["done", "_mark"])
def test_killed_after_prefect_took_it_the_same_event_is_sent_again(
    forwarder: Forwarder, here: Installation, prefect: Prefect, shop: str, where: str
) -> None:
    spool = forwarder.spool
    spool.put([received(shop)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool if where == "done" else forwarder, where, _killed)
        with pytest.raises(KeyboardInterrupt):
            forwarder.step()
    assert len(spool.files()) == 1
    Forwarder(here, spool).step()
    assert spool.files() == []
    assert len(prefect.taken) == 1
    assert results(here, shop) == ["started"]


def _killed(*_arguments: Any) -> None:
    raise KeyboardInterrupt


def test_twenty_at_once_start_one_run(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str
) -> None:
    for number in range(20):
        spool.put([received(shop, f"Broken{number}")])
    forwarder.step()
    assert sorted(results(here, shop)) == ["grouped"] * 19 + ["started"]
    assert len(prefect.starting()) == 1
    assert len(prefect.taken) == 20


def test_twenty_applications_start_twenty(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect
) -> None:
    shops = [applied(here) for _ in range(20)]
    spool.put([received(shop) for shop in shops])
    forwarder.step()
    assert sorted(event["payload"]["application"] for event in prefect.starting()) == sorted(shops)


def test_a_storm_is_noted_in_the_incident_that_opens_meanwhile(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], shop: str
) -> None:
    spool.put([received(shop, "First"), received(shop, "Second")])
    forwarder.step()
    incident = opened(here, shop)
    forwarder.step()
    forwarder.step()
    [noted] = [entry.data for entry in here.store.entries(incident) if entry.kind == "alerted"]
    assert [alert["name"] for alert in noted["alerts"]] == ["Second"]


def test_with_an_incident_open_alerts_are_noted_there_and_so_is_their_end(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str
) -> None:
    incident = opened(here, shop)
    spool.put([received(shop), received(shop, status=Status.RESOLVED)])
    forwarder.step()
    assert results(here, shop) == ["grouped", "resolved"]
    assert prefect.starting() == []
    [noted] = [entry.data for entry in here.store.entries(incident) if entry.kind == "alerted"]
    assert [alert["status"] for alert in noted["alerts"]] == ["firing", "resolved"]
    assert here.store.problems(incident) == []


def test_after_a_start_there_is_a_pause_and_what_still_fires_then_starts(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect
) -> None:
    shop = applied(here, alerts={"cool_down_s": 300})
    spool.put([received(shop, "First")])
    forwarder.step()
    passed(here, 120)
    for _ in range(2):
        spool.put([received(shop, "Second")])
        forwarder.step()
    assert results(here, shop) == ["started", "cooling"]
    assert len(prefect.starting()) == 1
    passed(here, 300)
    spool.put([received(shop, "Second")])
    forwarder.step()
    assert len(prefect.starting()) == 2
    assert results(here, shop) == ["started", "started"]


def test_a_day_has_so_many_starts(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect
) -> None:
    shop = applied(here, alerts={"cool_down_s": 0, "per_day": 2})
    for number in range(3):
        spool.put([received(shop, f"Broken{number}")])
        forwarder.step()
    assert results(here, shop) == ["started", "started", "capped"]
    assert len(prefect.starting()) == 2
    passed(here, timedelta(days=1).total_seconds())
    spool.put([received(shop, "Broken2")])
    forwarder.step()
    assert len(prefect.starting()) == 3


def test_the_policy_chooses_the_automation(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect
) -> None:
    asks = applied(here, policy={"rules": {"critical": {"consent": {"people": 1}}}})
    notes = applied(here, policy={"issues": [{"name": OUTAGE, "severity": "low"}]})
    spool.put([received(asks), received(notes)])
    forwarder.step()
    seen = {
        event["payload"]["application"]: event["resource"]["backout.reaction"]
        for event in prefect.taken.values()
    }
    assert seen == {asks: "ask", notes: "note"}
    assert results(here, notes) == ["noted"]


def test_an_alert_of_nobody_is_an_event(
    forwarder: Forwarder, spool: Spool[Received], prefect: Prefect
) -> None:
    spool.put([received(None)])
    spool.put([received("shop/gone")])
    forwarder.step()
    assert [event["event"] for event in prefect.taken.values()] == ["backout.alert.unknown"] * 2
    assert spool.files() == []


def test_a_run_that_never_began_is_asked_for_again_until_it_does(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(alert_forwarding, "UNREAD_S", -1)
    spool.put([received(shop)])
    forwarder.step()
    forwarder.step()
    assert prefect.sent > 1
    [detection] = {
        one["payload"]["detection"] for one in prefect.taken.values() if one["payload"]["application"] == shop
    }
    here.store.alert_read(detection, "run 1")
    with here.store.database.transaction() as connection:
        assert [kept.application for kept in alerts.unread(connection, -1) if kept.application == shop] == []


def test_a_file_that_a_defect_spoiled_keeps_no_other_waiting(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], shop: str
) -> None:
    spool.put([received(shop)])
    spool.files()[0].with_name("0-broken.jsonl").write_text('{"alert": 1}\n')
    forwarder.step()
    assert spool.files() == []
    assert results(here, shop) == ["started"]
    assert [file.name for file in spool.folder.glob("*.broken")] == ["0-broken.broken"]
