"""`/metrics` shows what the last looks found, and nothing of what is gone."""

from datetime import UTC, datetime

from deployments.measures import shown
from deployments.readiness_gauges import show
from domain.checkup import unseen, well, wrong
from domain.readiness import Check, Readiness
from domain.readiness_news import Record

AT = datetime(2026, 11, 20, tzinfo=UTC)


def record(app: str, *, ready: bool) -> Record:
    slot = well("slot", app, "fine") if ready else wrong("slot", app, "down")
    checks = [Check(name="slot", checkups=[slot]), Check(name="eta", checkups=[unseen("eta", app, "none")])]
    return Record(last=Readiness(application=app, at=AT, checks=checks))


def lines() -> list[str]:
    return [line for line in shown().decode().splitlines() if line.startswith("backout_ready")]


def test_the_gauges_follow_the_looks() -> None:
    show([record("shop/production", ready=False), record("shop/staging", ready=True)])
    assert 'backout_ready{application="shop/production"} 0.0' in lines()
    assert 'backout_ready{application="shop/staging"} 1.0' in lines()
    assert 'backout_ready_check{application="shop/production",check="slot"} 0.0' in lines()
    assert 'backout_ready_check{application="shop/production",check="eta"} NaN' in lines()
    assert any(
        line.startswith('backout_ready_seen_timestamp_seconds{application="shop/staging"}')
        for line in lines()
    )
    show([record("shop/production", ready=True)])
    assert 'backout_ready{application="shop/production"} 1.0' in lines()
    assert not any("shop/staging" in line for line in lines())
    show([])
    assert lines() == []
