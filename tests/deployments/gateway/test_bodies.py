"""Bodies that never come to their end."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request

from blocks.home import Home
from deployments.gateway import bodies
from deployments.gateway.application import create
from deployments.gateway.requests import BodyTooSlow

SCOPE: dict[str, Any] = {
    "type": "http", "method": "POST", "path": "/slack/actions", "raw_path": b"/slack/actions", "query_string": b"",
    "headers": [], "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2), "root_path": "",
}  # fmt: skip


class Sluggish:
    """A caller that sends one letter, and then nothing more; what it is answered is kept."""

    def __init__(self) -> None:
        self.parts = [b"x"]
        self.status = 0

    async def receive(self) -> dict[str, Any]:
        if not self.parts:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": self.parts.pop(), "more_body": True}

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> Sluggish:
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.05)
    return Sluggish()


def test_it_is_given_up(caller: Sluggish) -> None:
    with pytest.raises(BodyTooSlow, match="was not there within"):
        asyncio.run(bodies.body_of(Request(dict(SCOPE), caller.receive), 100))


def test_the_caller_is_told_so(caller: Sluggish, tmp_path: Path) -> None:
    app = create(Home(tmp_path).ensure(), "a token", {})
    asyncio.run(app(dict(SCOPE), caller.receive, caller.send))
    assert caller.status == 408
