"""The `prometheus` signal on a real Prometheus, and on a server that answers as a bad one would."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.prometheus import running_prometheus
from tests.blocks.signals.contract import SignalContract, signal
from tests.blocks.waiting import wait_until
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import HttpServer, Reply

HERE = Place("router", None, slot="blue")
METRICS = """\
errors{slot="blue",path="/"} 1
errors{slot="green",path="/"} 3
errors{slot="green",path="/cart"} 9.25
requests{slot="blue"} 0
"""
CONFIGURATION = """\
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ["{target}"]}}]}}]
"""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """It has scraped the metrics above at least once."""
    folder = tmp_path_factory.mktemp("prometheus")
    with HttpServer() as scraped:
        scraped.replies["/metrics"] = Reply(body=METRICS, headers={"Content-Type": "text/plain"})
        target = scraped.url.removeprefix("http://")
        with running_prometheus(folder, CONFIGURATION.format(target=target)) as url:
            wait_until(lambda: look(url, "requests").ok, "the first scrape")
            yield url


def look(url: str, query: str, place: Place = HERE, **settings: Any) -> Finding:
    return signal("prometheus", url=url, query=query, **settings).observe(place)


def vector(*results: tuple[dict[str, str], str], **more: Any) -> Reply:
    result = [{"metric": labels, "value": [1.5, value]} for labels, value in results]
    return Reply(body={"status": "success", "data": {"resultType": "vector", "result": result}, **more})


def refusal(status: int, kind: str, error: str) -> Reply:
    return Reply(status, {"status": "error", "errorType": kind, "error": error})


class TestPrometheus(SignalContract):
    """All on the real one. The slots have different numbers; the place's address does not matter."""

    @pytest.fixture
    def settings(self, prometheus: str) -> dict[str, Any]:
        return {"kind": "prometheus", "url": prometheus, "query": 'errors{slot="{slot}"}', "above": 5}

    @pytest.fixture
    def well(self) -> Place:
        return HERE

    @pytest.fixture
    def ill(self) -> Place:
        return Place("green", None, slot="green")

    @pytest.fixture
    def unmeasured(self) -> Place:
        return Place("red", None, slot="red")


class TestPrometheusOverARange(TestPrometheus):
    @pytest.fixture
    def settings(self, prometheus: str) -> dict[str, Any]:
        query = 'errors{slot="{slot}"}'
        ranged = {"range_s": 60, "step_s": 1, "reduce": "p95"}
        return {"kind": "prometheus", "url": prometheus, "query": query, "above": 5, **ranged}


def test_the_worst_of_several_series_is_named(prometheus: str) -> None:
    finding = look(prometheus, 'errors{slot="green"}', above=5, unit="%")
    assert (finding.value, finding.unit, finding.symptom) == (9.25, "%", "above 5")
    assert finding.said.startswith("9.25 % (above 5), the worst of 2 series: errors{")
    assert 'path="/cart"' in finding.said
    least = look(prometheus, 'errors{slot="green"}', below=4)
    assert (least.value, least.symptom) == (3, "below 4")


def test_without_limits_a_value_is_ok(prometheus: str) -> None:
    assert look(prometheus, "sum(errors)").value == 13.25
    assert look(prometheus, "sum(errors)").said == "13.25"
    assert look(prometheus, "scalar(sum(errors)) * 100", unit="s").said == "1325 s"


def test_limits_are_still_within(prometheus: str) -> None:
    assert look(prometheus, "vector(5)", above=5, below=5).ok


@pytest.mark.parametrize(
    "query", ["nothing_like_it", "requests / requests", "1 / requests", "scalar(nothing)"]
)
def test_no_result_and_no_number_are_no_data(prometheus: str, query: str) -> None:
    finding = look(prometheus, query, above=0)
    assert (finding.verdict, finding.value) == (Verdict.NO_DATA, None), finding.said


def test_a_series_without_a_number_does_not_hide_the_others(prometheus: str) -> None:
    finding = look(prometheus, 'errors{slot="green"} / (errors != 3)', above=0.5)
    assert finding.value == 1


def test_a_query_that_is_wrong_says_so(prometheus: str) -> None:
    finding = look(prometheus, "sum(errors", above=5)
    assert finding.verdict is Verdict.NO_DATA
    assert finding.said.startswith(f"Prometheus at {prometheus} refuses the query (http 400): ")
    assert "parse error: unclosed left parenthesis" in finding.said


def test_a_query_that_cannot_be_evaluated_says_so(prometheus: str) -> None:
    finding = look(prometheus, 'errors{slot="blue"} * on(slot) errors{slot="green"} * on(slot) errors')
    assert finding.verdict is Verdict.NO_DATA
    assert "cannot evaluate the query (http 422): " in finding.said


def test_a_range_ends_now_and_is_reduced(prometheus: str) -> None:
    ranged: dict[str, Any] = {"range_s": 100, "step_s": 10}
    before = time.time()
    last = look(prometheus, "vector(time())", **ranged).value
    assert last is not None
    assert before - 1 <= last <= time.time()
    first = look(prometheus, "vector(time())", reduce="min", **ranged).value
    assert first is not None
    assert before - 101 <= first <= time.time() - 100


@pytest.mark.parametrize(
    ("reduce", "expected"), [("last", 3), ("mean", 4), ("min", 2), ("max", 7), ("p95", 7)]
)
def test_each_reduction(server: HttpServer, reduce: str, expected: float) -> None:
    samples = [[1, "NaN"], [2, "2"], [3, "7"], [4, "3"], [5, "+Inf"]]
    result = [{"metric": {}, "values": samples}]
    body = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    server.replies["/api/v1/query_range"] = Reply(body=body)
    assert look(server.url, "x", range_s=60, step_s=5, reduce=reduce).value == expected
    sent = {name: value for name, (value,) in parse_qs(server.seen[0].body.decode()).items()}
    assert (sent["query"], sent["step"], sent["timeout"]) == ("x", "5", "3000ms")
    assert float(sent["end"]) - float(sent["start"]) == pytest.approx(60)


def test_without_the_slot_it_asks_for_there_is_no_data(server: HttpServer) -> None:
    finding = look(server.url, 'errors{slot="{slot}"}', Place("router", None))
    assert (finding.verdict, server.seen) == (Verdict.NO_DATA, [])


def test_bearer_and_basic_and_other_headers_are_sent(server: HttpServer) -> None:
    server.replies["/api/v1/query"] = vector(({}, "1"))
    assert look(server.url, "up", bearer_token="t0ken", headers={"X-Scope-OrgID": "shop"}).ok
    assert look(server.url, "up", username="ann", password="hunter2").ok
    tokens, basic = server.seen
    assert (tokens.headers["authorization"], tokens.headers["x-scope-orgid"]) == ("Bearer t0ken", "shop")
    assert basic.headers["authorization"] == "Basic YW5uOmh1bnRlcjI="


def test_a_warning_is_no_data_and_an_information_is_not(server: HttpServer) -> None:
    server.replies["/api/v1/query"] = vector(({}, "1"), warnings=["a store\nis away"])
    warned = look(server.url, "up")
    assert warned.verdict is Verdict.NO_DATA
    assert warned.said.endswith(" warns: a store is away")
    server.replies["/api/v1/query"] = vector(({}, "1"), infos=["metric might not be a counter"])
    assert look(server.url, "up").ok


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (refusal(503, "timeout", "query timed out"), "gave up on the query (http 503): query timed out"),
        (Reply(200, {"status": "error", "error": "odd"}), "answers with an error: odd"),
        (Reply(401, "Unauthorized"), "does not take the credentials (http 401)"),
        (Reply(403, {}), "does not allow the query (http 403)"),
        (Reply(500, "<html>"), "answers http 500"),
        (Reply(799, ""), "answers http 799"),
        (Reply(302, "", {"Location": "http://elsewhere.invalid/"}), "answers http 302"),
        (Reply(200, "<html>"), "answers http 200 without JSON: is it a Prometheus?"),
        (Reply(200, "[" * 30_000), "answers http 200 without JSON: is it a Prometheus?"),
        (Reply(200, []), "answers http 200 without JSON: is it a Prometheus?"),
        (Reply(200, {"status": "success"}), "answers without a result that can be read"),
        (vector(({}, "many")), "answers without a result that can be read"),
        (Reply(body={"status": "success", "data": {"resultType": "string", "result": [1, "x"]}}),
         "answers without a result that can be read"),
    ],
)  # fmt: skip
def test_what_is_no_good_answer_is_no_data(server: HttpServer, reply: Reply, said: str) -> None:
    server.replies["/api/v1/query"] = reply
    finding = look(server.url, "up", above=0)
    assert (finding.verdict, finding.said) == (Verdict.NO_DATA, f"Prometheus at {server.url} {said}")


def test_a_prometheus_that_is_away_or_silent_is_no_data(nobody: Place, mute: Place, dripping: Place) -> None:
    for place, said in ((nobody, "refused"), (mute, "0.3 s"), (dripping, "0.3 s")):
        finding = look(str(place.url), "up", timeout_s=0.3)
        assert finding.verdict is Verdict.NO_DATA
        assert said in finding.said


def test_a_certificate_that_is_not_trusted_is_no_data(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with HttpServer(tls=context) as server:
        finding = look(server.url, "up", bearer_token="hunter2")
    assert finding.verdict is Verdict.NO_DATA
    assert "TLS certificate is not trusted" in finding.said
    assert server.seen == []


def test_secrets_are_never_shown() -> None:
    made = signal("prometheus", url="https://prometheus.invalid", query="up", username="ann",
                  password="hunter2", headers={"X": "hunter2"})  # fmt: skip
    assert "hunter2" not in repr(made) + made.model_dump_json() + str(made)


@pytest.mark.parametrize(
    "settings",
    [
        {"query": ""},
        {"reduce": "mean"},
        {"range_s": 10, "step_s": 20},
        {"range_s": 80_000, "step_s": 1},
        {"above": 1, "below": 2},
        {"above": float("nan")},
        {"username": "ann"},
        {"username": "a:b", "password": "hunter2"},
        {"bearer_token": "hunter2\r\nHost: other"},
        {"bearer_token": "hunter2", "username": "ann", "password": "hunter2"},
        {"url": "http://prometheus.example", "bearer_token": "hunter2"},
    ],
)
def test_bad_settings_raise_and_show_no_secret(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        signal("prometheus", **{"url": "http://127.0.0.1:1", "query": "up", **settings})
    assert "hunter2" not in str(caught.value)
