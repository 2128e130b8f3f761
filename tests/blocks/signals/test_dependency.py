"""The `dependency` signal on real servers."""

from typing import Any

import pytest
from pydantic import ValidationError

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal
from tests.fakes.http_server import HttpServer, Reply

HERE = Place("router", "http://127.0.0.1:1")
STATUS, SUMMARY = "/api/v2/status.json", "/api/v2/summary.json"


def page(indicator: Any) -> Reply:
    return Reply(body={"page": {"name": "Pay"}, "status": {"indicator": indicator, "description": "Words"}})


def summary(**components: Any) -> Reply:
    listed = [{"name": name, "status": status} for name, status in components.items()]
    return Reply(body={"components": listed, "status": {"indicator": "critical"}})


def look(url: str | None, **settings: Any) -> Finding:
    return signal("dependency", url=url, **settings).observe(HERE)


class TestDependencysStatusPage(SignalContract):
    @pytest.fixture
    def settings(self, server: HttpServer) -> dict[str, Any]:
        return {"kind": "dependency", "url": server.url, "status_page": {}}

    @pytest.fixture
    def well(self, server: HttpServer) -> Place:
        server.replies[STATUS] = page("none")
        return HERE

    @pytest.fixture
    def ill(self, server: HttpServer) -> Place:
        server.replies[STATUS] = page("major")
        return HERE

    @pytest.fixture
    def unmeasured(self, settings: dict[str, Any], nobody: Place) -> Place:
        settings["url"] = nobody.url
        return HERE


@pytest.mark.parametrize(
    ("indicator", "accepts", "verdict", "level"),
    [
        ("none", "none", Verdict.OK, 0),
        ("minor", "none", Verdict.BAD, 1),
        ("maintenance", "minor", Verdict.OK, 1),
        ("minor", "minor", Verdict.OK, 1),
        ("major", "minor", Verdict.BAD, 2),
        ("major", "major", Verdict.OK, 2),
        ("critical", "major", Verdict.BAD, 3),
        ("on fire", "major", Verdict.NO_DATA, None),
        (None, "major", Verdict.NO_DATA, None),
        ({}, "major", Verdict.NO_DATA, None),
    ],
)
def test_what_a_page_says_is_a_level(
    server: HttpServer, indicator: Any, accepts: str, verdict: Verdict, level: int | None
) -> None:
    server.replies[STATUS] = page(indicator)
    finding = look(server.url, status_page={"accepts": accepts})
    assert (finding.verdict, finding.value) == (verdict, level)
    assert finding.symptom == (f"says {indicator}" if verdict is Verdict.BAD else "")


@pytest.mark.parametrize(
    ("status", "verdict", "level"),
    [
        ("operational", Verdict.OK, 0),
        ("under_maintenance", Verdict.OK, 1),
        ("degraded_performance", Verdict.OK, 1),
        ("partial_outage", Verdict.BAD, 2),
        ("major_outage", Verdict.BAD, 3),
        (["operational"], Verdict.NO_DATA, None),
    ],
)
def test_one_component_can_be_meant(
    server: HttpServer, status: Any, verdict: Verdict, level: int | None
) -> None:
    server.replies[SUMMARY] = summary(API=status, Website="major_outage")
    finding = look(server.url, status_page={"component": "API"})
    assert (finding.verdict, finding.value) == (verdict, level)


@pytest.mark.parametrize("reply", [Reply(503, "down"), Reply(body=[]), Reply(body="no json"), summary()])
def test_a_page_without_a_word_on_it_is_no_data(server: HttpServer, reply: Reply) -> None:
    server.replies[SUMMARY] = reply
    finding = look(server.url, status_page={"component": "API"})
    assert finding.verdict is Verdict.NO_DATA
    assert f"answered {reply.status} and no component 'API'" in finding.said


class TestDependencysEndpoint(SignalContract):
    @pytest.fixture
    def settings(self, server: HttpServer) -> dict[str, Any]:
        return {
            "kind": "dependency",
            "url": server.url,
            "path": "/health",
            "expect": {"json": {"status": "ok"}},
        }

    @pytest.fixture
    def well(self, server: HttpServer) -> Place:
        server.replies["/health"] = Reply(body={"status": "ok"})
        return HERE

    @pytest.fixture
    def ill(self, server: HttpServer) -> Place:
        server.replies["/health"] = Reply(body={"status": "down"})
        return HERE

    @pytest.fixture
    def unmeasured(self, settings: dict[str, Any], nobody: Place) -> Place:
        settings["url"] = nobody.url
        return HERE

    def test_nothing_measured_is_no_data(self, settings: dict[str, Any], unmeasured: Place) -> None:
        """Not here: a dependency that does not answer is what this is for."""
        finding = signal(**settings).observe(unmeasured)
        assert (finding.verdict, finding.symptom) == (Verdict.BAD, "refused")


def test_the_place_does_not_matter_and_headers_are_sent(server: HttpServer, nobody: Place) -> None:
    server.replies["/"] = Reply(body={})
    made = signal("dependency", url=server.url, headers={"Authorization": "hunter2"})
    finding = made.observe(nobody)
    assert (finding.ok, finding.unit, finding.on) == (True, "s", "blue")
    assert finding.said.startswith(f"{server.url}: http 200 in ")
    assert server.seen[0].headers["authorization"] == "hunter2"
    assert "hunter2" not in repr(made) + made.model_dump_json() + finding.model_dump_json()


def test_latency_beyond_its_limit_is_bad(server: HttpServer) -> None:
    server.replies["/"] = Reply(body={})
    finding = look(server.url, expect={"within_s": 0.000_001})
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "slow")
    assert finding.value is not None


@pytest.mark.parametrize("fixture", ["mute", "dripping"])
@pytest.mark.parametrize(("settings", "verdict"), [({}, Verdict.BAD), ({"status_page": {}}, Verdict.NO_DATA)])
def test_who_never_answers_ends_at_the_timeout(
    request: pytest.FixtureRequest, fixture: str, settings: dict[str, Any], verdict: Verdict
) -> None:
    place: Place = request.getfixturevalue(fixture)
    finding = look(place.url, timeout_s=0.3, **settings)
    assert finding.verdict is verdict
    assert "no whole answer within 0.3 s" in finding.said


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "ftp://pay.example"},
        {"url": "https://user:hunter2@pay.example"},
        {"status_page": {}, "path": "/x"},
        {"status_page": {}, "expect": {"status": 204}},
        {"status_page": {"accepts": "critical"}},
        {"status_page": {"components": ["API"]}},
    ],
)
def test_bad_settings_raise_and_show_no_value(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        signal("dependency", **{"url": "https://pay.example", **settings})
    assert "hunter2" not in str(caught.value)
