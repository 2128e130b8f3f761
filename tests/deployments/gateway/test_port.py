"""Which port the API takes, and what happens where it cannot."""

import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from deployments.gateway import port
from deployments.gateway.port import DEFAULT, LOOPBACK, chosen, listening
from domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, DEFAULT), ({"BACKOUT_API_PORT": " 0 "}, 0), ({"BACKOUT_API_PORT": "off"}, None)],
)
def test_the_port_is_chosen_by_the_environment(given: dict[str, str], expected: int | None) -> None:
    assert chosen(given) == expected


@pytest.mark.parametrize("wrong", ["-1", "65536", "http", "4280/tcp", "²"])
def test_what_is_no_port_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=r"BACKOUT_API_PORT.*is no port"):
        chosen({"BACKOUT_API_PORT": wrong})


def test_it_is_on_loopback_and_given_back() -> None:
    with listening({"BACKOUT_API_PORT": "0"}) as listener:
        assert listener is not None
        host, number = listener.opened.getsockname()
        assert host == LOOPBACK
        assert listener.url == f"http://127.0.0.1:{number}"
    with socket.socket() as again:
        again.bind((LOOPBACK, number))


def test_switched_off_it_takes_none() -> None:
    with listening({"BACKOUT_API_PORT": "off"}) as listener:
        assert listener is None


class Heard(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See Handler."""
        self.lines.append(record.getMessage())


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What `serve` says in its log."""
    logger, handler = logging.getLogger("prefect.backout.serve"), Heard()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def test_a_port_that_is_taken_is_waited_for(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Told twice, however often it is tried: when the wait begins, and when it is over."""
    monkeypatch.setattr(port, "AGAIN_S", 0.001)
    stop = Tries(5)
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        number = other.getsockname()[1]
        with listening({"BACKOUT_API_PORT": str(number)}) as listener:
            assert listener is not None
            assert (listener.held, listener.url) == (False, f"http://127.0.0.1:{number}")
            assert not listener.wait(stop)
            assert stop.left == 0
            other.close()
            assert listener.wait(threading.Event())
            socket.create_connection((LOOPBACK, number)).close()
    begun, over = heard
    assert f"port {number}" in begun
    assert "no alert is taken" in begun
    assert over == f"the deployment API listens now: http://127.0.0.1:{number}"


class Tries(threading.Event):
    """Tells to stop after so many tries."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def wait(self, timeout: float | None = None) -> bool:
        """See Event; it does not wait."""
        del timeout
        self.left -= 1
        return self.left <= 0


@pytest.mark.parametrize(("host", "loopback"), [("127.0.0.1", True), ("0.0.0.0", False)])  # noqa: S104 - closed at once
def test_the_host_is_chosen_by_the_environment(host: str, loopback: bool) -> None:
    with listening({"BACKOUT_API_PORT": "0", "BACKOUT_API_HOST": host}) as listener:
        assert listener is not None
        assert listener.loopback is loopback
        assert listener.url.startswith("http://127.0.0.1:")


def test_what_is_no_address_is_refused() -> None:
    with (
        pytest.raises(ConfigurationError, match=r"BACKOUT_API_HOST.*no IP address"),
        listening({"BACKOUT_API_HOST": "everywhere"}),
    ):
        pass
