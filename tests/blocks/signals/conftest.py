"""What signals look at: real servers on loopback, and ports where nobody listens."""

import os
import socket
from collections.abc import Iterator
from threading import Event, Thread

import pytest

pytest.register_assert_rewrite("tests.blocks.signals.contract")

from blocks.signals.contract import Place  # noqa: E402 - after the rewrite is registered
from tests.fakes.http_server import HttpServer  # noqa: E402


@pytest.fixture
def server() -> Iterator[HttpServer]:
    """Answers what the test puts into `replies`."""
    with HttpServer() as running:
        yield running


@pytest.fixture
def here(server: HttpServer) -> Place:
    """Slot blue, which is the server."""
    return Place("blue", server.url)


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS' chain of credentials finds nothing of the user's, and asks no machine for a role."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def nobody() -> Iterator[Place]:
    """A slot whose port is taken and not listened at: connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield Place("blue", f"http://127.0.0.1:{taken.getsockname()[1]}")


@pytest.fixture
def mute() -> Iterator[Place]:
    """A slot that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Place("blue", f"http://127.0.0.1:{listening.getsockname()[1]}")


@pytest.fixture
def dripping() -> Iterator[Place]:
    """A slot that sends the first line of an answer a letter at a time and never comes to its end."""
    stop = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=_drip, args=(listening, stop), daemon=True)
        thread.start()
        yield Place("blue", f"http://127.0.0.1:{listening.getsockname()[1]}")
        stop.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _drip(listening: socket.socket, stop: Event) -> None:
    while not stop.is_set():
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            _send_slowly(connection, stop)


def _send_slowly(connection: socket.socket, stop: Event) -> None:
    try:
        connection.sendall(b"HTTP/1.1 200 ")
        while not stop.wait(0.05):
            connection.sendall(b"O")
    except OSError:
        return
