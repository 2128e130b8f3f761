"""Sentry's hooks, signed with the integration's secret."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deployments.gateway.senders.contract import BadAlert, Call
from domain.alert import Status
from tests.deployments.gateway.senders.contract import SECRET, SOON, SenderContract, payload, sender


class TestSentry(SenderContract):
    resource = "event_alert"
    oldest = timedelta(hours=24)
    told: tuple[str | None, str | None] = ("shop/production", None)

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "sentry", "client_secret": SECRET}

    def signed(self, body: Any) -> Call:
        data = json.dumps(body).encode()
        digest = hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
        return Call({"sentry-hook-signature": digest, "sentry-hook-resource": self.resource}, data, SOON)

    def test_what_was_overheard_long_ago_starts_nothing(self, settings: dict[str, Any], body: Any) -> None:
        late = replace(self.signed(body), at=SOON + self.oldest)
        with pytest.raises(BadAlert, match="hours ago"):
            sender(**settings).read(late)
        assert sender(**settings).read(replace(late, at=SOON + self.oldest - timedelta(hours=1)))

    def test_the_entry_tells_what_the_alert_does_not(self, settings: dict[str, Any], body: Any) -> None:
        """And stands, whatever the tags say: they come from outside."""
        [alert] = self.read({**settings, "application": "other/production", "issue": "told"}, body)
        assert (alert.application, alert.issue) == ("other/production", "told")


def test_a_tag_says_neither_how_bad_it_is_nor_whose_it_is_where_the_entry_does() -> None:
    """Whoever has the key that a web page shows to all can send events, with any tags."""
    made = TestSentry()
    body = payload("sentry")
    body["data"]["event"]["tags"] += [["alertname", "Everything is down"], ["release", "2.0"]]
    entry = {
        "kind": "sentry",
        "client_secret": SECRET,
        "application": "blog/production",
        "issue": "minor-bug",
    }
    [alert] = made.read(entry, body)
    assert (alert.application, alert.issue) == ("blog/production", "minor-bug")
    assert alert.labels.keys() == {"browser", "level", "release"}


class TestSentryMetric(TestSentry):
    resource = "metric_alert"
    oldest = timedelta(days=7)
    told = (None, None)

    @pytest.fixture
    def body(self) -> Any:
        return payload("sentry_metric")

    def test_its_end_is_told(self, settings: dict[str, Any], body: Any) -> None:
        [alert] = self.read(settings, {**body, "action": "resolved"})
        assert alert.status is Status.RESOLVED

    def test_a_hook_that_is_no_alert_is_left_alone(self, settings: dict[str, Any], body: Any) -> None:
        self.resource = "installation"
        assert self.read(settings, body) == []
