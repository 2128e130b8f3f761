"""Alerts that wait: one that meets a defect, and one that is over before Prefect comes back."""

import time
from math import inf

import pytest

from blocks.installation import Installation
from blocks.spool import Spool
from deployments import alert_decision, alert_forwarding
from deployments.alert_decision import Decided
from deployments.alert_forwarding import LOOK_S, Forwarder
from domain.alert import Received, Status
from tests.deployments.alerting import (
    Prefect,
    applied,
    forwarder,
    here,
    prefect,
    received,
    results,
    shop,
    spool,
    store,
)

__all__ = ["forwarder", "here", "prefect", "shop", "spool", "store"]


def test_an_alert_that_meets_a_defect_waits_and_keeps_no_other_waiting(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    bad, good = applied(here), applied(here)
    spool.put([received(bad)])
    spool.put([received(good)])
    real = alert_decision.decide

    def decide(here: Installation, rows: list[Received]) -> list[Decided]:
        if any(row.application == bad for row in rows):
            raise ZeroDivisionError
        return real(here, rows)

    monkeypatch.setattr(alert_forwarding, "decide", decide)
    assert forwarder.step() == LOOK_S
    assert [event["payload"]["application"] for event in prefect.starting()] == [good]
    monkeypatch.setattr(alert_forwarding, "decide", real)
    forwarder.step()
    assert len(spool.files()) == 1, "it is not tried at every look"
    monkeypatch.setattr(time, "monotonic", lambda: inf)
    forwarder.step()
    assert results(here, bad) == ["started"]
    assert spool.files() == []


def test_what_was_over_before_prefect_came_back_starts_nothing(
    forwarder: Forwarder, here: Installation, spool: Spool[Received], prefect: Prefect, shop: str
) -> None:
    prefect.away = True
    spool.put([received(shop)])
    forwarder.step()
    assert results(here, shop) == ["started"]
    spool.put([received(shop, status=Status.RESOLVED)])
    forwarder.step()
    prefect.away = False
    forwarder.step()
    assert prefect.starting() == []
    assert sorted(results(here, shop)) == ["noted", "resolved"]
    assert len(prefect.taken) == 2
