"""What stands against a release that has just got the traffic."""

import pytest

from domain.condemn import against, against_share
from domain.findings import Finding, Verdict
from domain.plan import Decision, Plan
from domain.severity import Severity


def finding(name: str, symptom: str = "", on: str = "router", verdict: Verdict | None = None) -> Finding:
    judged = verdict or (Verdict.BAD if symptom else Verdict.OK)
    return Finding(name=name, on=on, verdict=judged, said=symptom or "well", symptom=symptom)


def condemned(now: list[Finding], before: list[Finding]) -> list[str]:
    return against(now, health="health", users="router", before=before)


def test_a_check_that_went_bad_counts() -> None:
    assert condemned([finding("smoke", "http 500")], [finding("smoke")]) == ["smoke: http 500"]
    assert condemned([finding("smoke", "http 500")], [finding("smoke", "timeout")]) == ["smoke: http 500"]


def test_what_was_bad_in_the_same_way_before_does_not_count() -> None:
    assert condemned([finding("smoke", "http 500")], [finding("smoke", "http 500")]) == []


def test_the_database_never_counts() -> None:
    assert condemned([finding("database", "refused", on="database")], []) == []


def test_health_through_the_router_always_counts() -> None:
    assert condemned([finding("health", "http 503")], [finding("health", "http 503")]) == ["health: http 503"]
    assert condemned([finding("health", verdict=Verdict.NO_DATA)], []) == ["health: well"]


def test_no_data_condemns_nothing_else() -> None:
    assert condemned([finding("smoke", verdict=Verdict.NO_DATA)], []) == []


SHIFT = Plan(
    application="shop/production", decision=Decision.SHIFT, severity=Severity.HIGH, from_slot="blue", to_slot="green",
    seen=[finding("auth", "http 500"), finding("health", "http 503"), finding("health", "http 503", on="blue")],
)  # fmt: skip


@pytest.mark.parametrize(
    ("now", "against"),
    [
        ([finding("auth", "http 500"), finding("health", "http 503", on="blue")], []),
        ([finding("auth", "timeout")], ["auth: timeout"]),
        ([finding("health", "http 503", on="green")], ["health: http 503"]),
        ([finding("health", "http 500", on="blue")], ["health: http 500"]),
        ([finding("auth", "http 500", on="green")], ["auth: http 500"]),
        ([finding("auth", "http 500", on="green"), finding("auth", "http 500", on="blue")], []),
        ([finding("auth", "http 500", on="blue")], []),
    ],
)
def test_what_condemns_a_target_that_has_a_part(now: list[Finding], against: list[str]) -> None:
    assert against_share(now, SHIFT, health="health", users="router") == against
