"""What stands against a release that has just got the traffic."""

from domain.condemn import against
from domain.findings import Finding, Verdict


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
