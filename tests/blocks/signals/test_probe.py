"""The `probe` signal on real servers."""

from itertools import count
from typing import Any

import pytest

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import NetworkSignalContract, signal
from tests.fakes.http_server import HttpServer, Reply, Seen


def look(place: Place, **settings: Any) -> Finding:
    return signal("probe", **settings).observe(place)


class TestProbe(NetworkSignalContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "probe", "path": "/"}

    @pytest.fixture
    def quick(self) -> dict[str, Any]:
        return {"timeout_s": 0.5, "request_timeout_s": 0.2}

    @pytest.fixture
    def well(self, server: HttpServer, here: Place) -> Place:
        server.replies["/"] = Reply(body={})
        return here

    @pytest.fixture
    def ill(self, server: HttpServer, here: Place) -> Place:
        server.replies["/"] = Reply(500)
        return here


def test_sends_as_many_as_asked_on_kept_alive_connections(server: HttpServer, here: Place) -> None:
    server.replies["/"] = Reply(body={})
    finding = look(here, requests=30, concurrency=3)
    assert finding.ok
    assert len(server.seen) == 30
    assert server.connections <= 3
    assert finding.said.startswith("0 of 30 failed (0.0 %), p95 ")
    assert (finding.value is not None, finding.unit) == (True, "s")


def every_fifth_fails() -> HttpServer:
    numbers = count(1)

    def answer(_seen: Seen) -> Reply:
        return Reply(500 if next(numbers) % 5 == 0 else 200, {})

    return HttpServer(answer)


@pytest.mark.parametrize(("allowed", "verdict"), [(19.9, Verdict.BAD), (20, Verdict.OK)])
def test_the_error_rate_is_held_against_its_limit(allowed: float, verdict: Verdict) -> None:
    with every_fifth_fails() as server:
        finding = look(Place("router", server.url), max_error_rate=allowed)
    assert finding.verdict is verdict
    assert finding.said.startswith("4 of 20 failed (20.0 %)")
    assert finding.symptom == ("errors http 500" if verdict is Verdict.BAD else "")


def test_a_slow_answer_is_bad(server: HttpServer, here: Place) -> None:
    server.replies["/"] = Reply(body={})
    assert look(here, max_p95_s=0.000_001).symptom == "slow"


def test_other_statuses_can_be_good(here: Place) -> None:
    assert look(here, status=[200, 404]).ok


def test_what_times_out_counts_with_the_time_that_was_waited(server: HttpServer, here: Place) -> None:
    server.replies["/"] = Reply(hang=True)
    finding = look(here, requests=2, request_timeout_s=0.2)
    assert (finding.bad, finding.symptom, finding.unit) == (True, "errors timeout", "s")
    assert finding.value is not None
    assert finding.value > 0.2


def test_no_requests_are_no_data(here: Place) -> None:
    assert look(here, requests=0).verdict is Verdict.NO_DATA


def test_all_refused_is_bad(nobody: Place) -> None:
    finding = look(nobody)
    assert (finding.verdict, finding.symptom, finding.value) == (Verdict.BAD, "errors refused", None)
    assert finding.said == "20 of 20 failed (100.0 %), mostly refused"


def test_triggers_compare_the_number_that_is_asked_for(
    server: HttpServer, here: Place, nobody: Place
) -> None:
    server.replies["/"] = Reply(body={})
    seen = {way: look(here, measure=way) for way in ("p95", "mean", "error_rate")}
    assert {way: finding.unit for way, finding in seen.items()} == {
        "p95": "s",
        "mean": "s",
        "error_rate": "%",
    }
    assert seen["error_rate"].value == 0
    failed = look(nobody, measure="error_rate")
    assert (failed.value, failed.unit, failed.bad) == (100, "%", True)
    assert look(nobody, measure="mean").value is None
