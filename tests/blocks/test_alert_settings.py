"""`alerts` of an application: which alerts are its own."""

from datetime import UTC, datetime

import pytest

from blocks.alert_settings import AlertSettings, alert_settings_of
from domain.alert import Alert

ALERT = Alert(
    sender="grafana",
    fingerprint="f",
    name="HighErrorRate",
    labels={"job": "shop"},
    started_at=datetime(2026, 11, 22, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({"alertname": "HighErrorRate"}, True),
        ({"alertname": "High*", "job": "shop", "sender": "grafana"}, True),
        ({"alertname": "high*"}, False),
        ({"job": "shop", "host": "web-1"}, False),
        ({"host": "*"}, True),
    ],
)
def test_a_rule_fits_where_all_its_labels_do(match: dict[str, str], fits: bool) -> None:
    settings = AlertSettings.model_validate({"rules": [{"match": match, "issue": "service-outage"}]})
    assert (settings.rule(ALERT) is not None) is fits


def test_the_first_rule_counts() -> None:
    rules = [
        {"match": {"job": "shop"}, "runbook": "service-outage"},
        {"match": {"job": "*"}, "issue": "service-outage"},
    ]
    settings = alert_settings_of({"alerts": {"rules": rules}})
    rule = settings.rule(ALERT)
    assert rule is not None
    assert (rule.runbook, rule.issue) == ("service-outage", None)
    assert settings.runbooks == ["rollback", "service-outage"]


@pytest.mark.parametrize("wrong", [{"rules": [{"match": {}}]}, {"per_day": -1}, {"colour": "red"}])
def test_what_is_no_setting_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="alerts"):
        alert_settings_of({"alerts": wrong})
