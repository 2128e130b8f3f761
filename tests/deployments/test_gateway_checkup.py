"""`backout doctor` asks whether it is Backout that has the port of the API."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from blocks.home import Home
from deployments import gateway_checkup as checkup
from deployments.gateway.requests import NEEDED
from deployments.gateway_checkup import gateway_checkup
from domain.findings import Verdict


class Answers(BaseHTTPRequestHandler):
    """A program that has the port."""

    status = 200
    said = "hello"
    heard: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        """Any page."""
        self.heard.append(self.headers.get("authorization"))
        body = json.dumps({"error": self.said}).encode()
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        made = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(checkup, "serving", lambda _home: {"api_url": made})
        yield made
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "said", "well"), [(401, NEEDED, True), (200, "hello", False), (401, "log in", False)]
)
def test_another_program_on_its_port_is_wrong(
    url: str, home: Home, monkeypatch: pytest.MonkeyPatch, status: int, said: str, well: bool
) -> None:
    monkeypatch.setattr(Answers, "status", status)
    monkeypatch.setattr(Answers, "said", said)
    monkeypatch.setattr(Answers, "heard", [])
    [found] = gateway_checkup(home)
    assert (found.finding.on, found.finding.verdict is Verdict.OK, found.bad) == (url, well, not well)
    assert Answers.heard == [None], "no token is shown to whoever has the port"


def test_nobody_on_its_port_is_wrong(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        made = f"http://127.0.0.1:{held.getsockname()[1]}"
        monkeypatch.setattr(checkup, "serving", lambda _home: {"api_url": made})
        [found] = gateway_checkup(home)
    assert found.bad
    assert "no alert is taken" in found.finding.said
    assert found.remedies[0].command.startswith("ss -ltnp")


@pytest.mark.parametrize("runs", [None, {"api_url": None}, {}])
def test_where_it_is_off_nothing_is_said(
    home: Home, monkeypatch: pytest.MonkeyPatch, runs: dict[str, str | None] | None
) -> None:
    monkeypatch.setattr(checkup, "serving", lambda _home: runs)
    assert gateway_checkup(home) == []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)
