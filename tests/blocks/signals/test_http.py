"""The `http` signal on real servers."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import NetworkSignalContract, signal
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import HttpServer, Reply

HEALTHY = {"status": "healthy", "version": "2.1.0", "checks": {"database": "ok"}}


def look(place: Place, **settings: Any) -> Finding:
    return signal("http", **{"path": "/health", **settings}).observe(place)


class TestHttp(NetworkSignalContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "http", "path": "/health"}

    @pytest.fixture
    def quick(self) -> dict[str, Any]:
        return {"timeout_s": 0.4}

    @pytest.fixture
    def well(self, server: HttpServer, here: Place) -> Place:
        server.replies["/health"] = Reply(body=HEALTHY)
        return here

    @pytest.fixture
    def ill(self, server: HttpServer, here: Place) -> Place:
        server.replies["/health"] = Reply(503, body={"status": "unhealthy"})
        return here


def test_measures_seconds_and_reads_the_version(server: HttpServer, here: Place) -> None:
    server.replies["/health"] = Reply(body={"app": {"release": [{"name": "2.1.0"}]}})
    finding = look(here, version="app.release.0.name")
    assert finding.version == "2.1.0"
    assert finding.unit == "s"
    assert finding.value is not None
    assert finding.value > 0


def test_no_version_where_the_key_is_missing(server: HttpServer, here: Place) -> None:
    server.replies["/health"] = Reply(body=[1])
    assert look(here, version="app.release").version is None


def test_sends_method_headers_and_body(server: HttpServer, here: Place) -> None:
    server.replies["/ask?deep=1"] = Reply(201, {})
    settings = {"method": "POST", "headers": {"Authorization": "Bearer t"}, "body": {"q": "ü"}}
    finding = look(here, path="/ask?deep=1", expect={"status": [200, 201]}, **settings)
    assert finding.ok, finding.said
    (seen,) = server.seen
    assert (seen.method, seen.json()) == ("POST", {"q": "ü"})
    assert seen.headers["authorization"] == "Bearer t"
    assert seen.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("checks", "symptom"),
    [
        ({}, "http 503"),
        ({"database": "ok", "api": "ok"}, "http 503"),
        ({"database": "error: no route to 10.0.0.1", "storage": "ok"}, "http 503 database"),
        ({"storage": {"status": "down"}, "cache": {"status": "up"}}, "http 503 storage"),
        ({"b": False, "a": "failed", "c": True}, "http 503 a b"),
    ],
)
def test_a_wrong_status_names_the_failing_checks(
    server: HttpServer, here: Place, checks: dict[str, Any], symptom: str
) -> None:
    server.replies["/health"] = Reply(503, {"status": "unhealthy", "checks": checks})
    assert look(here).symptom == symptom


@pytest.mark.parametrize(
    ("body", "symptom"),
    [
        ({"status": "unhealthy"}, "json status=unhealthy"),
        ({"status": "unhealthy", "checks": {"database": "failed"}}, "json status=unhealthy database"),
        ({"state": "healthy"}, "json status missing"),
        ({"status": None}, "json status=null"),
        ({"status": {"deep": 1}}, 'json status={"deep": 1}'),
        ({"status": "x" * 100}, f"json status={'x' * 60}..."),
        ("not json", "json not readable"),
        (b"\xff\xfe\xff", "json not readable"),
        (b"[" * 30_000, "json not readable"),
    ],
)
def test_json_that_differs(server: HttpServer, here: Place, body: Any, symptom: str) -> None:
    server.replies["/health"] = Reply(body=body)
    finding = look(here, expect={"json": {"status": "healthy"}})
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, symptom)


def test_json_may_hold_more_than_is_expected(server: HttpServer, here: Place) -> None:
    server.replies["/health"] = Reply(body={"a": {"b": 1, "c": 2}, "d": [1, 2]})
    assert look(here, expect={"json": {"a": {"b": 1}, "d": [1, 2]}}).ok
    assert look(here, expect={"json": {"a": {"b": 2}}}).symptom == "json a.b=1"
    assert look(here, expect={"json": {"a": {"b": True}}}).symptom == "json a.b=1"
    assert look(here, expect={"json": {"d": [1]}}).symptom == "json d=[1, 2]"


@pytest.mark.parametrize("status", [200, 503])
def test_degraded_is_bad_unless_allowed(server: HttpServer, here: Place, status: int) -> None:
    server.replies["/health"] = Reply(status, {"status": "degraded", "checks": {"storage": "degraded"}})
    expect = {"json": {"status": "healthy"}}
    assert look(here, expect=expect).verdict is Verdict.BAD
    assert look(here, expect=expect).symptom.endswith("storage")
    assert look(here, expect=expect, allow_degraded=True).ok


def test_text_that_must_be_there(server: HttpServer, here: Place) -> None:
    server.replies["/health"] = Reply(body="<h1>Journal</h1>")
    assert look(here, expect={"text": "Journal"}).ok
    assert look(here, expect={"text": "Diary"}).symptom == "text missing"


def test_an_answer_later_than_within_s_is_slow(server: HttpServer, here: Place) -> None:
    server.replies["/health"] = Reply(body={})
    assert look(here, expect={"within_s": 0.000_001}).symptom == "slow"


def test_only_the_first_64_kib_are_read(server: HttpServer, here: Place) -> None:
    server.replies["/health"] = Reply(body="x" * 70_000 + "end")
    finding = look(here, expect={"text": "end"})
    assert (finding.symptom, "65536" in finding.said) == ("text missing", True)


def test_a_body_that_trickles_ends_at_the_timeout(server: HttpServer, here: Place) -> None:
    server.replies["/health"] = Reply(body={}, trickle=True)
    finding = look(here, timeout_s=0.4)
    assert (finding.symptom, finding.unit) == ("timeout", "s")
    assert finding.value is not None
    assert finding.value > 0.4


def test_a_connection_that_is_closed(server: HttpServer, here: Place) -> None:
    server.replies["/health"] = Reply(close=True)
    assert look(here).symptom == "closed"


def test_a_redirect_is_an_answer_and_is_not_followed(server: HttpServer, here: Place) -> None:
    server.replies["/health"] = Reply(302, "", {"Location": "http://elsewhere.invalid/"})
    finding = look(here)
    assert finding.symptom == "http 302"
    assert "to http://elsewhere.invalid/" in finding.said
    assert len(server.seen) == 1


def test_a_certificate_that_is_not_trusted_is_named(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with HttpServer(tls=context) as server:
        finding = look(Place("blue", server.url))
    assert finding.symptom.startswith("tls self-signed certificate"), finding.said


def test_http_where_tls_is_wanted_is_named(server: HttpServer) -> None:
    finding = look(Place("blue", server.url.replace("http:", "https:")))
    assert finding.symptom.startswith("tls "), finding.said


def test_headers_and_body_are_never_shown() -> None:
    made = signal("http", path="/", headers={"X-Token": "hunter2"}, body={"password": "hunter2"})
    assert "hunter2" not in repr(made) + made.model_dump_json() + str(made)


@pytest.mark.parametrize(
    "settings",
    [
        {"path": "health"},
        {"path": "//\n"},
        {"path": "/a b"},
        {"path": "/", "method": "get it"},
        {"path": "/", "headers": {"X Y": "hunter2"}},
        {"path": "/", "headers": {"X": "hunter2\r\nHost: other"}},
        {"path": "/", "expect": {"status": 99}},
        {"path": "/", "expect": {"statu": 200}},
        {"path": "/", "timeout_s": 0},
        {},
    ],
)
def test_bad_settings_raise_and_show_no_value(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        signal("http", **settings)
    assert "hunter2" not in str(caught.value)
