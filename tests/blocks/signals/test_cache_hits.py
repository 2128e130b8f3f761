"""The `cache_hits` signal on a real Redis."""

import os
import shutil
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from blocks import process
from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from examples.demo.ports import free_ports
from tests.blocks.signals.contract import SignalContract, signal
from tests.blocks.waiting import wait_until
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import HttpServer, Reply

HERE = Place("router", "http://127.0.0.1:1")
PASSWORD = "hunter2"
BRIEFLY = 0.01


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        pytest.skip("neither redis-server nor valkey-server is installed")
    folder = tmp_path_factory.mktemp("redis")
    (free,) = free_ports(1)
    argv = [program, "--port", str(free), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
    environment = {"PATH": os.environ["PATH"]}
    running = process.start(argv, cwd=folder, env=environment, log=folder / "log")
    with client(free) as asking:
        wait_until(partial(_answers, asking), f"Redis, see {folder}/log")
    yield free
    process.stop(running, f"no mark {folder}", 10)


def _answers(asking: Redis) -> bool:
    try:
        return bool(asking.ping())
    except RedisError:
        return False


def client(port: int) -> Redis:
    return Redis("127.0.0.1", port, password=PASSWORD)


@pytest.fixture
def cache(port: int) -> Iterator[Redis]:
    """Empty, with its counters at nought, but for the key `there`."""
    with client(port) as asking:
        asking.flushall()
        asking.config_resetstat()
        asking.set("there", "1")
        yield asking


def ask(cache: Redis, *, hits: int = 0, misses: int = 0) -> None:
    for _ in range(hits):
        cache.get("there")
    for _ in range(misses):
        cache.get("gone")


def url(port: int, password: str = PASSWORD) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def look(address: str, **settings: Any) -> Finding:
    return signal("cache_hits", url=address, first_s=BRIEFLY, **settings).observe(HERE)


class TestCacheHits(SignalContract):
    @pytest.fixture
    def settings(self, port: int, cache: Redis) -> dict[str, Any]:
        assert cache.ping()
        return {"kind": "cache_hits", "url": url(port), "since": "start", "below": 80}

    @pytest.fixture
    def well(self, cache: Redis) -> Place:
        ask(cache, hits=9, misses=1)
        return HERE

    @pytest.fixture
    def ill(self, cache: Redis) -> Place:
        ask(cache, hits=1, misses=9)
        return HERE

    @pytest.fixture
    def unmeasured(self) -> Place:
        return HERE


def test_the_share_of_what_was_asked_for_between_two_looks(port: int, cache: Redis) -> None:
    ask(cache, misses=50)
    made = signal("cache_hits", url=url(port), first_s=BRIEFLY, below=80)
    assert made.observe(HERE).said == "0 keys were asked for (at least 1)"
    ask(cache, hits=3, misses=1)
    finding = made.observe(HERE)
    assert (finding.verdict, finding.value, finding.unit) == (Verdict.BAD, 75.0, "%")
    assert (finding.symptom, finding.said) == (
        "cache misses",
        "3 of 4 keys were in the cache (75.0 %) (below 80)",
    )
    ask(cache, hits=4)
    assert made.observe(HERE).ok


def test_counters_that_were_reset_are_not_taken_for_growth(port: int, cache: Redis) -> None:
    made = signal("cache_hits", url=url(port), first_s=BRIEFLY)
    ask(cache, hits=9)
    made.observe(HERE)
    cache.config_resetstat()
    ask(cache, hits=1)
    assert made.observe(HERE).verdict is Verdict.NO_DATA


def test_few_keys_can_be_too_few(port: int, cache: Redis) -> None:
    ask(cache, misses=3)
    assert look(url(port), below=80, at_least=4, since="start").verdict is Verdict.NO_DATA
    assert look(url(port), below=80, at_least=3, since="start").bad


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_of_the_watch_is_no_data_and_never_shown(port: int, password: str) -> None:
    made = signal("cache_hits", url=url(port, password))
    finding = made.observe(HERE)
    assert (finding.verdict, finding.said) == (
        Verdict.NO_DATA,
        "the cache does not let Backout in: authentication failed",
    )
    assert "wrong" not in repr(made) + made.model_dump_json() + finding.model_dump_json()


def test_nobody_there_is_refused(nobody: Place) -> None:
    finding = look((nobody.url or "").replace("http:", "redis:"))
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "refused")


def test_an_unknown_host_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: Any, **_options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert look("redis://nowhere.invalid").symptom == "unknown host"


def test_a_certificate_that_nobody_trusts_is_bad(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with HttpServer(tls=context) as server:
        assert look(server.url.replace("https:", "rediss:")).symptom == "tls failed"


def test_a_role_without_the_right_is_not_permitted(port: int, cache: Redis) -> None:
    cache.acl_setuser("shop", enabled=True, passwords=[f"+{PASSWORD}"], commands=["+ping"], keys=["*"])
    finding = look(f"redis://shop:{PASSWORD}@127.0.0.1:{port}")
    assert (finding.verdict, finding.said) == (
        Verdict.NO_DATA,
        "the cache does not let Backout in: not permitted",
    )


def test_no_connection_left_is_bad(port: int, cache: Redis) -> None:
    cache.config_set("maxclients", 1)
    try:
        finding = look(url(port))
    finally:
        cache.config_set("maxclients", 1000)
    assert finding.symptom == "too many connections"


def test_no_socket_is_refused(tmp_path: Path) -> None:
    assert look(f"unix://{tmp_path}/redis.sock").symptom == "refused"


def test_who_never_answers_ends_at_the_timeout(mute: Place) -> None:
    finding = look((mute.url or "").replace("http:", "redis:"), timeout_s=0.3)
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "timeout")


def test_who_answers_drop_by_drop_ends_at_the_timeout(dripping: Place) -> None:
    finding = look((dripping.url or "").replace("http:", "redis:"), timeout_s=0.4)
    assert finding.verdict is Verdict.BAD


def test_what_is_no_redis_is_bad(server: HttpServer) -> None:
    server.replies["/"] = Reply(body={})
    finding = look(server.url.replace("http:", "redis:"), timeout_s=1)
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "closed")


@pytest.mark.parametrize(
    "settings", [{"url": "http://hunter2@127.0.0.1"}, {"url": "redis"}, {"at_least": 0}, {"timeout_s": 0}]
)
def test_bad_settings_raise_and_show_no_value(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        signal("cache_hits", **{"url": "redis://127.0.0.1", **settings})
    assert "hunter2" not in str(caught.value)
