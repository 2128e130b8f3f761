"""The port that the API listens on: on loopback unless told otherwise, chosen by the environment, taken once while `serve` lives."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

from prefect.logging import get_logger

from domain.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
VARIABLE = "BACKOUT_API_PORT"
HOST = "BACKOUT_API_HOST"
DEFAULT = 4280
OFF = "off"
HIGHEST = 65_535
AGAIN_S = 3.0
"""Seconds between two tries to take a port that somebody else has."""

BACKLOG = 1024
"""Connections that wait to be taken: a storm of alerts comes at once."""


class Listener:
    """A port that is ours, or that we wait for: whoever has it may end."""

    def __init__(self, host: IPv4Address | IPv6Address, port: int) -> None:
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours."""
        return self._socket is not None

    @property
    def opened(self) -> socket.socket:
        """Ours. Raises RuntimeError before it is."""
        if self._socket is None:
            raise RuntimeError(f"port {self._port} is not ours yet")
        return self._socket

    @property
    def url(self) -> str:
        """The API's base URL, as this host reaches it."""
        port = self._socket.getsockname()[1] if self._socket else self._port
        host = str(self._host)
        if self._host.is_unspecified:
            host = LOOPBACK if isinstance(self._host, IPv4Address) else "::1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def loopback(self) -> bool:
        """Whether nobody but this host can reach it."""
        return self._host.is_loopback

    def take(self) -> OSError | None:
        """Take the port; why it cannot be taken, None where it is ours."""
        if self.held:
            return None
        opened = socket.socket(socket.AF_INET if isinstance(self._host, IPv4Address) else socket.AF_INET6)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((str(self._host), self._port))
            opened.listen(BACKLOG)
        except OSError as error:
            opened.close()
            return error
        self._socket = opened
        return None

    def wait(self, stop: threading.Event) -> bool:
        """Try until the port is ours, or told to stop; whether it is ours."""
        if self.held:
            return True
        while self.take() is not None:
            if stop.wait(AGAIN_S):
                return False
        get_logger("backout.serve").info("the deployment API listens now: %s", self.url)
        return True

    def close(self) -> None:
        """Give it back."""
        if self._socket is not None:
            self._socket.close()


def chosen(environ: Mapping[str, str]) -> int | None:
    """The port that `BACKOUT_API_PORT` names: 4280 by default, 0 for any free one, None where it is `off`.

    Raises:
        ConfigurationError: it names none.
    """
    text = environ.get(VARIABLE, "").strip() or str(DEFAULT)
    if text == OFF:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > HIGHEST:
        problem = f"{text!r} is no port: 0 (any free one) to {HIGHEST}, or `{OFF}`"
        raise ConfigurationError(file="environment", key=VARIABLE, problem=problem)
    return int(text)


def address(environ: Mapping[str, str]) -> IPv4Address | IPv6Address:
    """The address that `BACKOUT_API_HOST` names; loopback by default. Raises ConfigurationError."""
    text = environ.get(HOST, "").strip() or LOOPBACK
    try:
        return ip_address(text)
    except ValueError:
        problem = f"{text!r} is no IP address of this host, like {LOOPBACK} or 0.0.0.0"
        raise ConfigurationError(file="environment", key=HOST, problem=problem) from None


@contextmanager
def listening(environ: Mapping[str, str]) -> Iterator[Listener | None]:
    """Hold the port while the block runs; None where the API is off.

    A port that somebody else has is told, waited for by the service, and keeps nothing else of `serve` from running.
    Raises ConfigurationError.
    """
    port, host = chosen(environ), address(environ)
    if port is None:
        yield None
        return
    listener = Listener(host, port)
    if (error := listener.take()) is not None:
        get_logger("backout.serve").error("%s", _taken(port, str(host), error))
    try:
        yield listener
    finally:
        listener.close()


def _taken(port: int, host: str, error: OSError) -> str:
    return (
        f"no alert is taken, and the deployment API is off: port {port} of {host} cannot be used ({error.strerror})."
        f" It is tried again every {AGAIN_S:g} s; end what has it, or set {VARIABLE} to another port, or to `{OFF}`"
    )
