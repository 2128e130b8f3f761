"""`GET /health`: beside the application's health what this host holds of alerts, which changes no status."""

from types import SimpleNamespace

import httpx
import pytest

from blocks.home import Home
from deployments.alert_spool import spool_of
from deployments.gateway import answers, application
from domain.alert import Alert, Received
from domain.findings import Finding, Verdict
from tests.deployments.alerting import BEGAN

SHOP = SimpleNamespace(
    name="shop/production",
    health=None,
    platform=SimpleNamespace(route=lambda: SimpleNamespace(slot="blue")),
)


def test_alerts_that_were_set_aside_are_shown(
    client: httpx.Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = Finding(name="health", on="router", verdict=Verdict.OK, said="200", version="1.0")
    monkeypatch.setattr(application, "_described", lambda _here, _application: SHOP)
    monkeypatch.setattr(answers, "through_router", lambda *_arguments: [well])
    alert = Alert(sender="grafana", name="Broken", fingerprint="f", started_at=BEGAN)
    spool = spool_of(home)
    spool.put([Received(alert=alert, problem="nobody's")])
    before = client.get("/health").raise_for_status().json()
    assert (before["health"], before["alerts"]) == ("healthy", {"waiting": 1, "aside": 0})
    spool.set_aside(spool.files()[0], "422, too long")
    after = client.get("/health").raise_for_status().json()
    assert after["alerts"] == {"waiting": 0, "aside": 1, "next": "backout alerts"}
    for one in spool.aside():
        spool.forget(one)
