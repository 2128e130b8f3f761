"""PagerDuty's webhooks, version 3."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deployments.gateway.senders.contract import BadAlert, Call
from domain.alert import Status
from tests.deployments.gateway.senders.contract import SECRET, SOON, SenderContract, sender


def signature(data: bytes) -> str:
    return "v1=" + hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()


class TestPagerDuty(SenderContract):
    told = (None, None)

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "pagerduty", "signing_secret": SECRET}

    def signed(self, body: Any) -> Call:
        data = json.dumps(body).encode()
        return Call({"x-pagerduty-signature": signature(data)}, data, SOON)

    def test_while_a_secret_is_changed_one_of_two_signatures_will_do(
        self, settings: dict[str, Any], body: Any
    ) -> None:
        data = json.dumps(body).encode()
        both = {"x-pagerduty-signature": f"v1={'0' * 64}, {signature(data)}"}
        sender(**settings).authenticate(Call(both, data, SOON))

    @pytest.mark.parametrize("kind", ["incident.acknowledged", "pagey.ping", "service.updated"])
    def test_what_is_no_trouble_is_left_alone(self, settings: dict[str, Any], body: Any, kind: str) -> None:
        body["event"]["event_type"] = kind
        assert self.read(settings, body) == []

    def test_its_end_is_told(self, settings: dict[str, Any], body: Any) -> None:
        body["event"]["event_type"] = "incident.resolved"
        [alert] = self.read(settings, body)
        assert alert.status is Status.RESOLVED

    def test_opened_again_it_is_another_trouble(self, settings: dict[str, Any], body: Any) -> None:
        [first] = self.read(settings, body)
        body["event"] |= {"event_type": "incident.reopened", "occurred_at": "2026-11-20T09:00:00Z"}
        [again], [repeated] = self.read(settings, body), self.read(settings, body)
        assert first.event_id != again.event_id == repeated.event_id

    def test_what_was_overheard_long_ago_starts_nothing(self, settings: dict[str, Any], body: Any) -> None:
        """Its end may come as late as it likes."""
        later = replace(self.signed(body), at=SOON + timedelta(hours=25))
        with pytest.raises(BadAlert, match="occurred_at: is more than 24 hours ago"):
            sender(**settings).read(later)
        body["event"]["event_type"] = "incident.resolved"
        [ended] = sender(**settings).read(replace(self.signed(body), at=later.at))
        assert ended.status is Status.RESOLVED

    def test_opened_again_it_ends_again(self, settings: dict[str, Any], body: Any) -> None:
        """Each end is of what began before it, and is no repetition of the first one."""
        [first, ended, again, over] = [
            self.read(settings, {"event": {**body["event"], "event_type": kind, "occurred_at": at}})[0]
            for kind, at in [
                ("incident.triggered", "2026-11-20T07:53:00Z"),
                ("incident.resolved", "2026-11-20T08:00:00Z"),
                ("incident.reopened", "2026-11-20T08:05:00Z"),
                ("incident.resolved", "2026-11-20T08:10:00Z"),
            ]
        ]
        assert len({one.event_id for one in (first, ended, again, over)}) == 4
        assert (ended.is_end_of(first), ended.is_end_of(again)) == (True, False)
        assert (over.is_end_of(first), over.is_end_of(again)) == (True, True)
        assert not again.is_end_of(first)
