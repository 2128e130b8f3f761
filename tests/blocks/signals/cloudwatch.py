"""What the tests of `cloudwatch` share: its settings, and answers as CloudWatch words them."""

from typing import Any

from blocks.signals.contract import Place
from domain.findings import Finding
from tests.blocks.signals.contract import signal
from tests.fakes.http_server import Reply

HERE = Place("router", None, slot="blue")
KEYS = {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "hunter2"}


def latency(slot: str = "{slot}", statistic: str = "Maximum") -> dict[str, Any]:
    return {"namespace": "Shop", "metric": "Latency", "dimensions": {"slot": slot}, "statistic": statistic}


def entry(url: str, **settings: Any) -> dict[str, Any]:
    usual = {"region": "eu-central-1", "endpoint_url": url, "metrics": {"latency": latency()}}
    return {"kind": "cloudwatch", **usual, **KEYS, **settings}


def look(url: str, place: Place = HERE, **settings: Any) -> Finding:
    return signal(**entry(url, **settings)).observe(place)


def page(*results: dict[str, Any], **more: Any) -> Reply:
    return Reply(body={"MetricDataResults": list(results), "Messages": [], **more})


def result(label: str, *values: float, status: str = "Complete") -> dict[str, Any]:
    times = [1_700_000_000 + 60 * index for index, _ in enumerate(values)]
    return {"Id": "a", "Label": label, "Values": values, "Timestamps": times, "StatusCode": status}
