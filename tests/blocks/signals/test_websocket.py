"""The `websocket` signal on real servers."""

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import NetworkSignalContract, signal
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import HttpServer, Reply

Speak = Callable[[ServerConnection], None]


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(json.dumps({"echo": message, "token": connection.request.headers.get("X-Token")}))  # type: ignore[union-attr]


def chatter(connection: ServerConnection) -> None:
    connection.send("welcome")
    connection.send(b"ready")
    connection.recv()


def hang_up(connection: ServerConnection) -> None:
    connection.close(1011, "no")


@pytest.fixture
def speaking() -> Iterator[Callable[[Speak], Place]]:
    """Starts a WebSocket server that behaves as the function says."""
    running: list[tuple[Server, Thread]] = []

    def start(speak: Speak, tls: ssl.SSLContext | None = None) -> Place:
        server = serve(speak, "127.0.0.1", 0, ssl=tls)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        running.append((server, thread))
        scheme = "https" if tls else "http"
        return Place("green", f"{scheme}://127.0.0.1:{server.socket.getsockname()[1]}")

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()


def look(place: Place, **settings: Any) -> Finding:
    return signal("websocket", **settings).observe(place)


class TestWebsocket(NetworkSignalContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "websocket", "send": "hello", "expect": "hello"}

    @pytest.fixture
    def quick(self) -> dict[str, Any]:
        return {"timeout_s": 0.4}

    @pytest.fixture
    def well(self, speaking: Callable[[Speak], Place]) -> Place:
        return speaking(echo)

    @pytest.fixture
    def ill(self, server: HttpServer, here: Place) -> Place:
        server.replies["/ws"] = Reply(403, {})
        return here


def test_opening_is_enough_where_nothing_is_expected(speaking: Callable[[Speak], Place]) -> None:
    finding = look(speaking(echo))
    assert finding.ok
    assert finding.unit == "s"


def test_headers_are_sent(speaking: Callable[[Speak], Place]) -> None:
    assert look(speaking(echo), headers={"X-Token": "t0k"}, send="x", expect="t0k").ok


def test_waits_for_the_message_that_is_expected(speaking: Callable[[Speak], Place]) -> None:
    assert look(speaking(chatter), expect="ready").ok


def test_a_message_that_does_not_come(speaking: Callable[[Speak], Place]) -> None:
    finding = look(speaking(chatter), expect="goodbye", timeout_s=0.4)
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "no such message")
    assert finding.said.startswith("2 messages came")


def test_a_connection_that_is_closed_at_once(speaking: Callable[[Speak], Place]) -> None:
    finding = look(speaking(hang_up), send="hello", expect="hello")
    assert finding.symptom == "closed 1011"


@pytest.mark.parametrize(
    ("reply", "symptom"),
    [(Reply(503, {}), "http 503"), (Reply(200, {}), "http 200"), (Reply(close=True), "not a websocket")],
)
def test_what_does_not_open(server: HttpServer, here: Place, reply: Reply, symptom: str) -> None:
    server.replies["/ws"] = reply
    assert look(here).symptom == symptom


def test_a_certificate_that_is_not_trusted(speaking: Callable[..., Place], tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    assert look(speaking(echo, context)).symptom == "tls failed"


def test_what_is_sent_is_never_shown() -> None:
    made = signal("websocket", send="hunter2", headers={"Authorization": "hunter2"})
    assert "hunter2" not in repr(made) + made.model_dump_json()
