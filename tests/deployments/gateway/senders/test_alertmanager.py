"""Alertmanager's webhook, as a recorded one has it."""

from typing import Any

import pytest

from domain.alert import Status
from tests.deployments.gateway.senders.contract import SECRET, SenderContract, call, payload, sender


class TestAlertmanager(SenderContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "alertmanager", "bearer": SECRET}

    def test_each_alert_of_a_group_is_one(self, settings: dict[str, Any], body: Any) -> None:
        body["alerts"].append({**body["alerts"][0], "status": "resolved", "fingerprint": "other"})
        first, second = self.read(settings, body)
        assert (first.status, second.status) == (Status.FIRING, Status.RESOLVED)
        assert first.event_id != second.event_id

    def test_another_version_is_refused(self, settings: dict[str, Any], body: Any) -> None:
        with pytest.raises(Exception, match="version"):
            self.read(settings, {**body, "version": "3"})


def test_basic_authentication_does_as_well() -> None:
    made = sender(kind="alertmanager", user="prometheus", password=SECRET)
    made.authenticate(
        call(
            payload("alertmanager"),
            {"authorization": "Basic cHJvbWV0aGV1czphIHNlY3JldCBvZiBzb21lIGxlbmd0aA=="},
        )
    )


def test_a_link_that_is_no_web_page_is_left_out() -> None:
    body = payload("alertmanager")
    body["alerts"][0]["generatorURL"] = "javascript:alert(1)"
    [alert] = sender(kind="alertmanager", bearer=SECRET).read(call(body))
    assert alert.link is None
