"""The `cloudwatch` signal on a server that answers as CloudWatch can, and moto does not."""

import pytest

from blocks.signals.contract import Place
from domain.findings import Verdict
from tests.blocks.signals.cloudwatch import latency, look, page, result
from tests.fakes.http_server import HttpServer, Reply

pytestmark = pytest.mark.usefixtures("no_aws")


def test_what_is_asked_for(server: HttpServer) -> None:
    server.replies["/"] = page(result("result", 7.5))
    metrics = {"errors": latency("blue", "Sum"), "requests": latency("blue", "p99")}
    finding = look(
        server.url, metrics=metrics, expression="100 * errors / requests", period_s=300, range_s=900
    )
    assert finding.said == "7.5: 100 * errors / requests"
    asked = server.seen[0].json()
    assert (asked["EndTime"] % 300, asked["EndTime"] - asked["StartTime"]) == (0, 900)
    errors, requests, expression = asked["MetricDataQueries"]
    assert requests["MetricStat"]["Stat"] == "p99"
    assert (errors["MetricStat"]["Period"], errors["ReturnData"]) == (300, False)
    assert errors["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "slot", "Value": "blue"}]
    assert expression["Expression"] == "100 * errors / requests"


def test_all_pages_are_read() -> None:
    pages = [page(result("a", 1, 9, status="PartialData"), NextToken="more"), page(result("a", 3))]
    with HttpServer(lambda _seen: pages.pop(0)) as server:
        finding = look(server.url, reduce="mean")
        tokens = [seen.json().get("NextToken") for seen in server.seen]
    assert finding.value == pytest.approx(13 / 3)
    assert tokens == [None, "more"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (page(result("a", 1, status="PartialData")), "gives no complete data of a (PartialData)"),
        (page(result("a", status="Forbidden")), "gives no complete data of a (Forbidden)"),
        (page(result("a", status="InternalError")), "gives no complete data of a (InternalError)"),
        (page(result("a", 1), Messages=[{"Code": "X", "Value": "too many\nmetrics"}]), "warns: too many metrics"),
        (page(), "has no data points of the last 300 s"),
        (page(result("a")), "has no data points of the last 300 s"),
        (Reply(body={}), "answers without metric data"),
        (Reply(400, {"__type": "com.amazon#ValidationError", "message": "Bad expression"}),
         "refuses (ValidationError): Bad expression"),
        (Reply(400, {"__type": "AccessDenied", "message": "hunter2 is not allowed"}), "refuses (AccessDenied)"),
        (Reply(400, {"__type": "Throttling", "message": "Rate exceeded"}), "refuses (Throttling)"),
        (Reply(500, {"__type": "InternalServiceError"}), "refuses (InternalServiceError)"),
        (Reply(close=True), "closed the connection before the answer was whole"),
    ],
)  # fmt: skip
def test_what_is_no_good_answer_is_no_data(server: HttpServer, reply: Reply, said: str) -> None:
    server.replies["/"] = reply
    finding = look(server.url, above=0)
    assert (finding.verdict, finding.said) == (Verdict.NO_DATA, f"CloudWatch {said}")
    assert len(server.seen) == 1


def test_no_json_is_no_data(server: HttpServer) -> None:
    server.replies["/"] = Reply(body="<html>")
    assert look(server.url).verdict is Verdict.NO_DATA


def test_a_cloudwatch_that_is_away_is_no_data(nobody: Place) -> None:
    finding = look(str(nobody.url))
    assert (finding.verdict, finding.said) == (Verdict.NO_DATA, "CloudWatch cannot be reached: no connection")


def test_a_cloudwatch_that_never_ends_its_answer_is_no_data(mute: Place, dripping: Place) -> None:
    for place in (mute, dripping):
        finding = look(str(place.url), timeout_s=0.3)
        assert finding.verdict is Verdict.NO_DATA
        assert "no whole answer" in finding.said
