"""`websocket`: whether a WebSocket opens, and what it says."""

import socket
import ssl
import time
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    WebSocketException,
)
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from blocks.http_client import LONGEST_BODY
from blocks.http_request import Headers, Path
from blocks.signals.contract import Place, Signal
from domain.findings import Finding

SCHEMES = {"http": "ws", "https": "wss"}
CLOSE_S = 1.0
"""Seconds the other side has to agree to the end; later the connection is just cut."""

PLAIN: tuple[tuple[type[Exception], str, str], ...] = (
    (TimeoutError, "timeout", "the connection did not open in time"),
    (ConnectionRefusedError, "refused", "the connection was refused"),
    (ssl.SSLError, "tls failed", "TLS failed, or the certificate is not trusted"),
    (socket.gaierror, "unknown host", "the host's name is not known"),
    (InvalidHandshake, "not a websocket", "what answers does not speak WebSocket"),
    (EOFError, "closed", "the connection was closed before it was open"),
)
"""Error, symptom, and a line for a person. The error's own text can hold what was sent."""

Seconds = Annotated[float, Field(gt=0, le=60)]


class Silent(Exception):
    """The connection is open, and the expected message did not come."""


class Websocket(Signal):
    """Opens a WebSocket, sends `send` if there is one, and waits for a message that holds `expect`."""

    kind: Literal["websocket"] = "websocket"
    path: Path = "/ws"
    headers: Headers = Field(
        default_factory=dict, description="Header -> value, sent with the opening request."
    )
    send: SecretStr | None = Field(default=None, description="Text that is sent once the connection is open.")
    expect: str | None = Field(default=None, description="Text that one of the messages must hold.")
    timeout_s: Seconds = Field(default=3.0, description="Seconds until the expected message.")

    def observe(self, place: Place) -> Finding:
        """Look once, within `timeout_s` and the second it may take to close."""
        if place.url is None:
            return self.no_data(place, f"{place.name} has no address")
        started = time.monotonic()
        try:
            said = self._talk(_address(place.url, self.path), started + self.timeout_s)
        except (WebSocketException, OSError, EOFError, Silent) as error:
            symptom, said = _why(error, self.timeout_s)
            return self.bad(place, said, symptom)
        return self.ok(place, said, value=time.monotonic() - started, unit="s")

    def _talk(self, address: str, until: float) -> str:
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        with connect(
            address,
            additional_headers=headers,
            open_timeout=self.timeout_s,
            close_timeout=CLOSE_S,
            max_size=LONGEST_BODY,
            proxy=None,
        ) as connection:
            if self.send is not None:
                connection.send(self.send.get_secret_value())
            return (
                "the connection opens" if self.expect is None else _wait_for(connection, self.expect, until)
            )


def _wait_for(connection: Connection, expected: str, until: float) -> str:
    heard = 0
    while (left := until - time.monotonic()) > 0:
        try:
            message = connection.recv(timeout=left)
        except TimeoutError:
            break
        heard += 1
        text = message if isinstance(message, str) else message.decode(errors="replace")
        if expected in text:
            return f"the connection opens and says {expected!r}"
    raise Silent(f"{heard} messages came, none with {expected!r}")


def _address(base: str, path: str) -> str:
    parts = urlsplit(base + path)
    return urlunsplit(parts._replace(scheme=SCHEMES.get(parts.scheme, parts.scheme)))


def _why(error: Exception, timeout_s: float) -> tuple[str, str]:
    """Symptom, and a line for a person."""
    if isinstance(error, Silent):
        return "no such message", f"{error} within {timeout_s:g} s"
    if isinstance(error, InvalidStatus):
        status = f"http {error.response.status_code}"
        return status, f"the connection does not open: {status}"
    if isinstance(error, ConnectionClosed):
        code = error.rcvd.code if error.rcvd else None
        return (
            f"closed {code or 'without a word'}",
            f"the other side closed the connection ({code or 'no code'})",
        )
    for kind, symptom, said in PLAIN:
        if isinstance(error, kind):
            return symptom, said
    return "unreachable", f"the connection failed ({type(error).__name__})"
