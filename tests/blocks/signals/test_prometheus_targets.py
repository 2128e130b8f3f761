import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from examples.demo.ports import free_ports
from tests.blocks.prometheus import running_prometheus
from tests.blocks.signals.contract import SignalContract, signal
from tests.blocks.waiting import wait_until
from tests.fakes.http_server import HttpServer, Reply

HERE = Place("router", "http://127.0.0.1:1")
CONFIGURATION = """\
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: shop
    file_sd_configs: [{{files: ["{folder}/shop.json"]}}]
  - job_name: broken
    static_configs: [{{targets: ["127.0.0.1:{nobody}"]}}]
"""


@pytest.fixture(scope="module")
def scraped() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.replies["/metrics"] = Reply(body="up_and_well 1\n", headers={"Content-Type": "text/plain"})
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prometheus")


@pytest.fixture(scope="module")
def prometheus(scraped: HttpServer, folder: Path) -> Iterator[str]:
    """A real Prometheus: one target of job shop is up and active, one is down and not; job broken is down."""
    (nobody,) = free_ports(1)
    (folder / "shop.json").write_text(json.dumps(groups(scraped, nobody)))
    with running_prometheus(folder, CONFIGURATION.format(folder=folder, nobody=nobody)) as url:
        yield url


def groups(scraped: HttpServer, nobody: int) -> list[dict[str, Any]]:
    active = {"targets": [scraped.url.removeprefix("http://")], "labels": {"slot": "blue", "active": "true"}}
    idle = {"targets": [f"127.0.0.1:{nobody}"], "labels": {"slot": "green", "active": "false"}}
    return [active, idle]


def look(url: str, **settings: Any) -> Finding:
    return signal("prometheus_targets", url=url, **settings).observe(HERE)


def look_when(url: str, condition: Callable[[Finding], bool], **settings: Any) -> Finding:
    """The first finding that is so: targets are scraped one after the other."""
    seen: list[Finding] = []

    def once() -> bool:
        seen.append(look(url, **settings))
        return condition(seen[-1])

    wait_until(once, f"a finding of {settings}")
    return seen[-1]


def answer(server: HttpServer, *targets: dict[str, Any]) -> None:
    body = {"status": "success", "data": {"activeTargets": list(targets)}}
    server.replies["/api/v1/targets?state=active"] = Reply(body=body)


def target(health: str, job: str = "shop", **labels: str) -> dict[str, Any]:
    return {"labels": {"job": job, "instance": "blue:8080", **labels}, "health": health, "lastError": ""}


class TestPrometheusTargets(SignalContract):
    """The server is in turn a Prometheus with each answer: places do not matter to this signal."""

    @pytest.fixture
    def settings(self, server: HttpServer) -> dict[str, Any]:
        return {"kind": "prometheus_targets", "url": server.url}

    @pytest.fixture
    def well(self, server: HttpServer) -> Place:
        answer(server, target("up"), target("up"))
        return HERE

    @pytest.fixture
    def ill(self, server: HttpServer) -> Place:
        answer(server, target("up"), target("down"))
        return HERE

    @pytest.fixture
    def unmeasured(self, server: HttpServer) -> Place:
        answer(server)
        return HERE


def test_a_real_prometheus_whose_targets_are_up(prometheus: str) -> None:
    finding = look_when(prometheus, lambda seen: seen.ok, jobs=["shop"], labels={"active": "true"})
    assert (finding.said, finding.value) == ("1 of 1 targets are up", 1)


def test_a_real_prometheus_names_what_is_down(prometheus: str) -> None:
    finding = look_when(prometheus, lambda seen: seen.bad, jobs=["broken"])
    assert "0 of 1 targets are up; down: broken 127.0.0.1:" in finding.said
    assert "connection refused" in finding.said
    assert finding.symptom == "targets down broken"
    slots = look_when(prometheus, lambda seen: seen.bad, jobs=["shop"])
    assert "1 of 2 targets are up" in slots.said


def test_a_real_prometheus_without_such_targets_is_no_data(prometheus: str) -> None:
    finding = look(prometheus, jobs=["nobody"])
    assert finding.verdict is Verdict.NO_DATA
    assert "nobody" in finding.said


def test_what_was_not_scraped_yet_is_no_data(server: HttpServer) -> None:
    answer(server, target("up"), target("unknown"))
    assert look(server.url).verdict is Verdict.NO_DATA
    answer(server, target("down"), target("unknown"))
    assert look(server.url).bad


def test_the_slot_that_was_left_does_not_count_while_prometheus_still_calls_it_the_active_one(
    server: HttpServer,
) -> None:
    blue = Place("router", "http://127.0.0.1:1", slot="blue")
    follows = signal("prometheus_targets", url=server.url, labels={"active": "true"})
    answer(server, target("down", slot="green", active="true"), target("up", slot="blue", active="false"))
    late = follows.observe(blue)
    assert late.verdict is Verdict.NO_DATA
    assert late.said == "Prometheus has no such target: active=true, of slot blue"
    answer(server, target("down", slot="green", active="false"), target("up", slot="blue", active="true"))
    assert follows.observe(blue).ok


def test_only_some_of_many_are_named(server: HttpServer) -> None:
    answer(server, *[target("down") for _ in range(5)])
    assert look(server.url).said.endswith("and 2 more")


@pytest.mark.parametrize(
    "reply",
    [Reply(status=503), Reply(body="<html>"), Reply(body={"data": {}}), Reply(body=[]), Reply(close=True)],
)
def test_a_prometheus_that_does_not_answer_well_is_no_data(server: HttpServer, reply: Reply) -> None:
    server.replies["/api/v1/targets?state=active"] = reply
    assert look(server.url).verdict is Verdict.NO_DATA
