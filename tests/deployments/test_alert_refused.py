"""Events that Prefect refuses for good: kept, told, sent again by a person; and those behind them go on."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from blocks import spool as spool_module
from blocks.installation import Installation
from blocks.spool import Spool
from blocks.store import alerts
from deployments import alert_forwarding, alert_spool, alerts_aside, measures
from deployments.alert_forwarding import AWAY_S, Forwarder
from domain.alert import Received, Status
from tests.deployments.alerting import (
    Prefect,
    applied,
    forwarder,
    here,
    opened,
    prefect,
    received,
    results,
    shop,
    spool,
    store,
)

__all__ = ["forwarder", "here", "prefect", "shop", "spool", "store"]

WHY = "Prefect refuses the event: 422, body.0.resource: too long"


@pytest.fixture(autouse=True)
def _bad_is_refused(prefect: Prefect) -> None:
    prefect.refuses = {"Bad"}


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Prefect keeps its loggers from the root's handlers."""
    log = logging.getLogger("prefect.backout.alerts")
    log.addHandler(caplog.handler)
    yield caplog
    log.removeHandler(caplog.handler)


def names(spool: Spool[Received]) -> list[str]:
    return [row.alert.name for one in spool.aside() for row in spool.read(one.file)]


def starting(prefect: Prefect) -> list[str]:
    return [event["payload"]["application"] for event in prefect.starting()]


def test_those_behind_it_go_on_and_it_is_kept_with_its_reason(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str,
    logged: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    other = applied(here)
    spool.put([received(None, "Nobody's"), received(shop, "Bad"), received(other)])
    spool.put([received(applied(here))])
    forwarder.step()
    assert spool.files() == []
    assert other in starting(prefect)
    assert len(starting(prefect)) == 2
    [one] = spool.aside()
    assert (names(spool), one.why) == (["Bad"], WHY)
    assert one.name == str(received(shop, "Bad").alert.event_id)
    assert results(here, shop) == ["aside"]
    assert f"{shop}: alert 'Bad' of generic is set aside: {WHY}" in logged.text
    assert measures.REGISTRY.get_sample_value("backout_alerts_aside") == 1
    assert alert_spool.count(here.home) == {"waiting": 0, "aside": 1, "next": "backout alerts"}


def test_what_waited_for_its_run_starts_one_itself(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str
) -> None:
    prefect.refuses |= {"Bad too"}
    over = received(shop, "Over")
    spool.put([over.model_copy(update={"alert": over.alert.end})])
    forwarder.step()
    spool.put(
        [received(shop, "Bad"), over, *(received(shop, name) for name in ("Bad too", "Good", "Better"))]
    )
    forwarder.step()
    assert sorted(results(here, shop)) == ["aside", "aside", "grouped", "grouped", "resolved", "started"]
    [started] = prefect.starting()
    assert started["payload"]["alert"]["name"] == "Good"


def test_it_holds_no_later_one_back(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str
) -> None:
    for name in ("Bad", "Good"):
        spool.put([received(shop, name)])
        forwarder.step()
    assert results(here, shop) == ["aside", "started"]
    assert starting(prefect) == [shop]


@pytest.mark.parametrize("where", ["keep_aside", "set_aside", "instead", "done"])
def test_killed_on_the_way_it_is_kept_once(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str, where: str
) -> None:
    spool.put([received(shop, "Bad"), received(shop, "Good")])
    owner: Any = {"set_aside": alerts, "instead": alert_forwarding}.get(where, forwarder.spool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, where, _killed)
        with pytest.raises(KeyboardInterrupt):
            forwarder.step()
    assert len(spool.files()) == 1
    Forwarder(here, spool).step()
    assert (spool.files(), names(spool)) == ([], ["Bad"])
    assert sorted(results(here, shop)) == ["aside", "started"]
    assert starting(prefect) == [shop]


def _killed(*_arguments: Any) -> None:
    raise KeyboardInterrupt


def test_sent_again_it_starts_its_run(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str
) -> None:
    spool.put([received(shop, "Bad")])
    forwarder.step()
    prefect.refuses = set()
    [one] = spool.aside()
    spool.send_again(one)
    forwarder.step()
    assert (spool.files(), spool.aside()) == ([], [])
    assert results(here, shop) == ["started"]
    assert starting(prefect) == [shop]
    assert measures.REGISTRY.get_sample_value("backout_alerts_aside") == 0


def test_a_sender_that_sends_it_again_and_again_fills_no_disk(
    forwarder: Forwarder, spool: Spool[Received], shop: str
) -> None:
    for _ in range(3):
        spool.put([received(shop, "Bad")])
        forwarder.step()
    assert names(spool) == ["Bad"]


def test_of_too_many_the_oldest_go_into_the_log(
    forwarder: Forwarder, spool: Spool[Received], shop: str, prefect: Prefect,
    monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(spool_module, "MOST_ASIDE", 2)
    prefect.refuses = {"Bad0", "Bad1", "Bad2"}
    for number in range(3):
        spool.put([received(shop, f"Bad{number}")])
        forwarder.step()
    assert names(spool) == ["Bad1", "Bad2"]
    assert '"name":"Bad0"' in logged.text
    assert len(list(spool.folder.iterdir())) == 4


def test_what_refuses_everything_is_not_about_the_event(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str
) -> None:
    prefect.refuses_all = True
    spool.put([received(shop)])
    assert forwarder.step() == AWAY_S
    assert (len(spool.files()), spool.aside()) == (1, [])
    prefect.refuses_all = False
    forwarder.step()
    assert results(here, shop) == ["started"]


def test_people_are_told_where_no_run_starts_and_of_nothing_else(
    forwarder: Forwarder, here: Installation, spool: Spool[Received]
) -> None:
    channels = [
        {"kind": "logfile", "path": "/nowhere/log"},
        {"kind": "slack", "token": "${NOT_SET}", "channel": "#a"},
        {"kind": "slack", "name": "low", "token": "${NOT_SET}", "channel": "#b", "severities": ["low"]},
    ]
    shop = applied(here, channels=channels)
    spool.put([received(shop, "Bad", status=Status.RESOLVED)])
    forwarder.step()
    assert told(here, shop) == []
    for number in range(2):
        spool.put([received(shop, "Bad", fingerprint=str(number))])
        forwarder.step()
    assert [channel for channel, _ in told(here, shop)] == ["logfile", "slack"]
    assert "422, body" in told(here, shop)[0][1]["text"]


def told(here: Installation, application: str) -> list[tuple[str, dict[str, Any]]]:
    with here.store.database.transaction() as connection:
        rows = connection.execute(
            "SELECT channel, message FROM outbox WHERE message ->> 'application' = %s ORDER BY channel",
            [application],
        )
        return [(row["channel"], row["message"]) for row in rows]


def test_a_run_that_is_asked_for_again_and_refused_is_kept_too(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    prefect.refuses = set()
    spool.put([received(shop, "Bad")])
    forwarder.step()
    prefect.refuses = {"Bad"}
    monkeypatch.setattr(alert_forwarding, "UNREAD_S", -1)
    forwarder.step()
    kept = [row for one in spool.aside() for row in spool.read(one.file) if row.application == shop]
    assert (len(kept), results(here, shop)) == (1, ["aside"])
    assert alerts_aside.instead(here, []) == []


def test_it_is_noted_in_the_incident_that_opens_all_the_same(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], shop: str
) -> None:
    spool.put([received(shop, "Bad"), received(shop, "Good")])
    forwarder.step()
    incident = opened(here, shop)
    forwarder.step()
    [noted] = [entry.data for entry in here.store.entries(incident) if entry.kind == "alerted"]
    assert [alert["name"] for alert in noted["alerts"]] == ["Bad"]
