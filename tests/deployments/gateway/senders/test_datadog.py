"""Datadog's webhook with the payload that the docs give."""

from typing import Any

import pytest

from domain.alert import Status
from tests.deployments.gateway.senders.contract import SECRET, SenderContract


class TestDatadog(SenderContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "datadog", "bearer": SECRET}

    def test_a_report_of_the_same_cycle_is_the_same_event(self, settings: dict[str, Any], body: Any) -> None:
        [first] = self.read(settings, body)
        [later] = self.read(settings, {**body, "date": "1795161446000", "transition": "Renotify"})
        assert first.event_id == later.event_id

    def test_its_end_is_told(self, settings: dict[str, Any], body: Any) -> None:
        [alert] = self.read(settings, {**body, "transition": "Recovered"})
        assert alert.status is Status.RESOLVED

    @pytest.mark.parametrize("transition", ["No Data", "Re-No Data"])
    def test_no_data_is_nothing(self, settings: dict[str, Any], body: Any, transition: str) -> None:
        assert self.read(settings, {**body, "transition": transition}) == []
