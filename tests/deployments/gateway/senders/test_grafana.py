"""Grafana's webhook: with its signature, and with a header."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from deployments.gateway.senders.contract import Call, Unauthenticated
from tests.deployments.gateway.senders.contract import NOW, SECRET, SenderContract, payload, sender

STAMPED = "X-Grafana-Alerting-Timestamp"


def signature(signed: bytes) -> str:
    return hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


class TestGrafana(SenderContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "grafana", "hmac_secret": SECRET}

    def signed(self, body: Any) -> Call:
        data = json.dumps(body).encode()
        return Call({"x-grafana-alerting-signature": signature(data)}, data, NOW)

    @pytest.mark.parametrize("name", ["DatasourceNoData", "DatasourceError"])
    def test_a_rule_that_could_not_look_is_nothing(
        self, settings: dict[str, Any], body: Any, name: str
    ) -> None:
        body["alerts"][0]["labels"]["alertname"] = name
        assert self.read(settings, body) == []


class TestGrafanaWithATime(TestGrafana):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "grafana", "hmac_secret": SECRET, "timestamp_header": STAMPED}

    def signed(self, body: Any) -> Call:
        data, stamp = json.dumps(body).encode(), str(int(NOW.timestamp()))
        headers = {
            "x-grafana-alerting-signature": signature(f"{stamp}:".encode() + data),
            STAMPED.lower(): stamp,
        }
        return Call(headers, data, NOW)

    @pytest.mark.parametrize("late", [timedelta(minutes=6), -timedelta(minutes=6)])
    def test_what_was_overheard_is_of_no_use_later(
        self, settings: dict[str, Any], body: Any, late: timedelta
    ) -> None:
        good = self.signed(body)
        with pytest.raises(Unauthenticated, match="signed time"):
            sender(**settings).authenticate(Call(good.headers, good.body, NOW + late))


class TestGrafanaWithAToken(SenderContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "grafana", "bearer": SECRET}


def test_with_both_both_are_needed() -> None:
    made = sender(kind="grafana", hmac_secret=SECRET, bearer=SECRET)
    data = json.dumps(payload("grafana")).encode()
    signed = {"x-grafana-alerting-signature": signature(data)}
    with pytest.raises(Unauthenticated):
        made.authenticate(Call(signed, data, NOW))
    made.authenticate(Call({**signed, "authorization": f"Bearer {SECRET}"}, data, NOW))


def test_a_time_alone_proves_nothing() -> None:
    with pytest.raises(ValidationError, match="hmac_secret"):
        sender(kind="grafana", bearer=SECRET, timestamp_header=STAMPED)
