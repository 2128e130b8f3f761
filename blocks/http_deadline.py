"""A network for httpcore in which everything, from the name's look-up to the last byte, ends at one deadline.

A timeout an operation is not enough: a server that sends a byte a second never reaches it.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

from blocks.deadline import within


class UnknownHost(httpcore.ConnectError):
    """The name has no address, or no name server answers."""


@dataclass
class Deadline:
    """A moment of the monotonic clock; moved on for each request of a kept-alive connection."""

    at: float = 0.0

    def start(self, seconds: float) -> None:
        """From now."""
        self.at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left. Raises `httpcore.ReadTimeout` where none are."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return seconds


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose every operation may take what is left until the deadline, and no more."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """See httpcore."""
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """See httpcore."""
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        """See httpcore."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """See httpcore."""
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """See httpcore."""
        return self._stream.get_extra_info(info)


class DeadlineNetwork(httpcore.NetworkBackend):
    """Makes connections that share one deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Try the name's addresses one after the other, as long as there is time."""
        failure: Exception | None = None
        for address in look_up(host, port, self._deadline.left()):
            try:
                stream = self._sockets.connect_tcp(
                    address, port, self._deadline.left(), local_address, socket_options
                )
            except httpcore.ConnectError as error:
                failure = error
                continue
            return DeadlineStream(stream, self._deadline)
        raise failure or UnknownHost(host)


def look_up(host: str, port: int, seconds: float) -> list[str]:
    """The name's addresses; the resolver has no timeout of its own. Raises `httpcore.ConnectTimeout`, UnknownHost."""
    try:
        rows = within(
            seconds, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), f"look up {host}"
        )
    except TimeoutError:
        raise httpcore.ConnectTimeout(f"the name {host} was not found in time") from None
    except (OSError, UnicodeError):  # UnicodeError: a part of the name is empty or too long
        raise UnknownHost(f"the name {host} is not known") from None
    return list(dict.fromkeys(str(row[4][0]) for row in rows))
