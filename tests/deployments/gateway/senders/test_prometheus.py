"""What Prometheus posts to an Alertmanager."""

from datetime import timedelta
from typing import Any

import pytest

from domain.alert import Status
from tests.deployments.gateway.senders.contract import NOW, SECRET, SenderContract


class TestPrometheus(SenderContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "prometheus", "bearer": SECRET}

    def test_it_is_over_once_its_end_is_past(self, settings: dict[str, Any], body: Any) -> None:
        body[0]["endsAt"] = (NOW - timedelta(seconds=1)).isoformat()
        [alert] = self.read(settings, body)
        assert alert.status is Status.RESOLVED

    def test_gos_zero_time_is_no_end(self, settings: dict[str, Any], body: Any) -> None:
        body[0]["endsAt"] = "0001-01-01T00:00:00Z"
        [alert] = self.read(settings, body)
        assert alert.status is Status.FIRING
