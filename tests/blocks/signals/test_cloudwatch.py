"""The `cloudwatch` signal on moto's server."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import moto.cloudwatch.models
import moto.settings
import pytest
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from blocks.reduction import p95
from blocks.signals.contract import Place
from domain.findings import Verdict
from tests.blocks.signals.cloudwatch import HERE, entry, latency, look
from tests.blocks.signals.contract import SignalContract, signal
from tests.fakes.http_server import HttpServer

pytestmark = pytest.mark.usefixtures("no_aws")
SAMPLES = {"blue": {90: [0.2, 0.4], 150: [0.9]}, "green": {90: [6.0, 8.0], 150: [1.0]}}
"""Slot -> seconds ago -> seconds that answers took."""


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """It holds the samples, as an application publishes them."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    publish(f"http://{host}:{port}")
    yield f"http://{host}:{port}"
    server.stop()


def publish(url: str) -> None:
    now = datetime.now(UTC)
    client = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="y").client(
        "cloudwatch", region_name="eu-central-1", endpoint_url=url
    )
    for slot, samples in SAMPLES.items():
        data = [
            {
                "MetricName": "Latency",
                "Dimensions": [{"Name": "slot", "Value": slot}],
                "Timestamp": now - timedelta(seconds=ago),
                "Value": value,
            }
            for ago, values in samples.items()
            for value in values
        ]
        client.put_metric_data(Namespace="Shop", MetricData=data)
    client.close()


class TestCloudwatch(SignalContract):
    """All on moto. The dimension names the slot; the place's address does not matter."""

    @pytest.fixture
    def settings(self, aws: str) -> dict[str, Any]:
        return entry(aws, above=3, unit="s")

    @pytest.fixture
    def well(self) -> Place:
        return HERE

    @pytest.fixture
    def ill(self) -> Place:
        return Place("green", None, slot="green")

    @pytest.fixture
    def unmeasured(self) -> Place:
        return Place("red", None, slot="red")


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [("Sum", 14), ("Average", 7), ("Minimum", 6), ("Maximum", 8), ("SampleCount", 2)],
)
def test_each_statistic_of_the_last_period(aws: str, statistic: str, expected: float) -> None:
    assert look(aws, metrics={"latency": latency("green", statistic)}).value == expected


@pytest.mark.parametrize("statistic", ["p95", "p99", "p99.9"])
def test_percentiles(aws: str, statistic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto has none: it gets one here, so that the whole way there and back is walked."""
    asked: list[str] = []

    def percentile(self: Any, stat: str) -> float | None:
        asked.append(stat)
        return p95(self.metric_single_values_list)

    monkeypatch.setattr(moto.cloudwatch.models.Statistics, "get_statistics_for_type", percentile)
    finding = look(aws, metrics={"latency": latency("green", statistic)}, above=3, unit="s")
    assert (finding.value, finding.said) == (8, "8 s (above 3): latency")
    assert set(asked) == {statistic}


def test_data_points_are_reduced_oldest_first(aws: str) -> None:
    metrics = {"latency": latency("green")}
    seen = {
        way: look(aws, metrics=metrics, reduce=way).value for way in ("last", "mean", "min", "max", "p95")
    }
    assert seen == {"last": 8, "mean": 4.5, "min": 1, "max": 8, "p95": 8}


def test_only_the_range_counts(aws: str) -> None:
    assert (
        look(aws, range_s=86_400, period_s=3600, metrics={"latency": latency("red")}).verdict
        is Verdict.NO_DATA
    )
    assert look(aws, range_s=1, period_s=1).verdict is Verdict.NO_DATA


def test_the_worst_of_several_metrics_is_named(aws: str) -> None:
    metrics = {"blue": latency("blue"), "green": latency("green"), "red": latency("red")}
    assert look(aws, metrics=metrics, above=3).said == "8 (above 3), the worst of 2 metrics: green"
    assert look(aws, metrics=metrics, below=3).said == "0.4 (below 3), the worst of 2 metrics: blue"


def test_of_an_expression_only_its_result_counts(aws: str) -> None:
    """Moto knows an expression that is one metric's name, and no other."""
    metrics = {"blue": latency("blue"), "green": latency("green")}
    finding = look(aws, metrics=metrics, expression="blue", above=0.3, unit="s")
    assert (finding.value, finding.said) == (0.4, "0.4 s (above 0.3): blue")


def test_keys_that_aws_does_not_know_are_no_data(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    finding = look(aws, session_token="hunter2")
    assert finding.verdict is Verdict.NO_DATA
    assert finding.said.startswith("CloudWatch refuses (")


def test_without_keys_awss_chain_is_used(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    no_keys: dict[str, Any] = {"access_key_id": None, "secret_access_key": None}
    finding = look(aws, **no_keys)
    assert finding.verdict is Verdict.NO_DATA
    assert finding.said == "CloudWatch cannot be asked: no credentials are given, and AWS' chain finds none"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    assert look(aws, **no_keys).ok


def test_without_the_slot_it_asks_for_there_is_no_data(server: HttpServer) -> None:
    assert look(server.url, Place("router", None)).verdict is Verdict.NO_DATA
    assert server.seen == []


def test_secrets_are_never_shown() -> None:
    made = signal(**entry("http://127.0.0.1:1", session_token="hunter2"))
    assert "hunter2" not in repr(made) + made.model_dump_json() + str(made)


def test_boto3_is_imported_when_it_is_needed() -> None:
    made = f"adapter_class('signals', 'cloudwatch').model_validate(json.loads({json.dumps(entry('http://x'))!r}))"
    code = f"import json, sys; from blocks.adapter import adapter_class; {made}; print('botocore' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@pytest.mark.parametrize(
    "settings",
    [
        {"metrics": {}},
        {"metrics": {"Latency": latency()}},
        {"metrics": {"result": latency()}},
        {"metrics": {"a": latency(statistic="p")}},
        {"metrics": {"a": latency(statistic="average")}},
        {"period_s": 90},
        {"period_s": 600},
        {"region": "eu central"},
        {"secret_access_key": None},
        {"access_key_id": None, "secret_access_key": None, "session_token": "hunter2"},
    ],
)
def test_bad_settings_raise_and_show_no_secret(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        signal(**entry("http://127.0.0.1:1", **settings))
    assert "hunter2" not in str(caught.value)
