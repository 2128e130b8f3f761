"""What channels are told, and a Slack to tell it to."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.blocks.channels.contract", "tests.blocks.channels.service_contract")

from tests.fakes.certificates import self_signed  # noqa: E402 - after the rewrite is registered
from tests.fakes.http_server import HttpServer  # noqa: E402
from tests.fakes.slack import FakeSlack  # noqa: E402


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    """A Slack on loopback."""
    with FakeSlack() as running:
        yield running


@pytest.fixture
def nobody() -> Iterator[str]:
    """A base URL whose port is taken and not listened at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/hunter2/"


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[HttpServer]:
    """A server whose certificate nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with HttpServer(tls=context) as running:
        yield running
