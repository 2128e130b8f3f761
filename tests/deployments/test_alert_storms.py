"""A storm's alerts: they wait in the spool while their acts go ahead of Prefect."""

import pytest

from blocks.installation import Installation
from blocks.spool import Spool
from blocks.store import ahead
from deployments import alert_forwarding
from deployments.alert_forwarding import Forwarder
from deployments.storms import STORM, Starts
from domain.alert import Received, Status
from domain.request import Request
from tests.deployments.alerting import Prefect, applied, forwarder, here, prefect, received, spool, store

__all__ = ["forwarder", "here", "prefect", "spool", "store"]


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> Starts:
    made = Starts()
    made.heard_by(lambda: None)
    monkeypatch.setattr(alert_forwarding, "STARTS", made)
    return made


def storm(here: Installation, spool: Spool[Received]) -> list[str]:
    names = [applied(here, policy={"preset": "default"}) for _ in range(STORM)]
    for name in names:
        spool.put([received(name)])
    return names


def test_prefect_is_told_of_a_storm_once_its_acts_are_over(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, starts: Starts
) -> None:
    names = storm(here, spool)
    forwarder.step()
    with starts.going() as going:
        forwarder.step()
        assert [start.application for start in going] == names
        assert (len(spool.files()), prefect.taken) == (STORM, {}), "it waits where a crash does not lose it"
    forwarder.step()
    assert spool.files() == []
    assert [event["payload"]["application"] for event in prefect.starting()] == names
    detections = {event["payload"]["detection"] for event in prefect.starting()}
    assert detections == {start.detection for start in going}
    assert starts.is_over()


def test_of_acts_that_take_long_prefect_is_told_before(
    forwarder: Forwarder,
    here: Installation,
    spool: Spool[Received],
    prefect: Prefect,
    starts: Starts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alert_forwarding, "AHEAD_S", 0.0)
    storm(here, spool)
    forwarder.step()
    with starts.going():
        forwarder.step()
        assert len(prefect.starting()) == STORM


def test_what_is_no_part_of_it_is_told_meanwhile(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, starts: Starts
) -> None:
    storm(here, spool)
    forwarder.step()
    with starts.going():
        spool.put([received(None)])
        forwarder.step()
        assert [event["event"] for event in prefect.taken.values()] == ["backout.alert.unknown"]


def test_what_was_acted_on_has_its_run_though_it_is_over_by_now(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, starts: Starts
) -> None:
    """Going back ends the alert, at once with a quick monitoring system: its incident would have nobody to end it."""
    names = storm(here, spool)
    forwarder.step()
    with starts.going() as going:
        here.store.begin(Request(application=names[0]), ahead.run_of(going[0].detection))
    for name in names[:2]:
        spool.put([received(name, status=Status.RESOLVED)])
    forwarder.step()
    told = {event["payload"]["application"] for event in prefect.starting()}
    assert told == {names[0], names[2]}, "of the second nothing was begun: it starts nothing any more"
