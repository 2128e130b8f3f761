"""HTTP/1.1 as the signals use it: one answer, or the reason why there is none, within a given time."""

import errno
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from blocks.http_deadline import Deadline, DeadlineNetwork, UnknownHost

LONGEST_BODY = 64 * 1024
"""Bytes of an answer that are read, unless the client is told otherwise; the rest is cut off."""

AGENT = {"user-agent": "backout", "accept": "*/*"}


class NoAnswer(Exception):
    """No whole answer came.

    Attributes:
        symptom: `refused`, `timeout`, `closed`, `unreachable`, `unknown host`, `tls ...`, `not http`.
        said: the same, one line for a person; never holds what was sent.
        seconds: how long it was waited for in vain, where that is why; else None.
    """

    def __init__(self, symptom: str, said: str, seconds: float | None = None) -> None:
        super().__init__(said)
        self.symptom = symptom
        self.said = said
        self.seconds = seconds


@dataclass(frozen=True)
class Answer:
    """What came back. `seconds`: from before the connection to the last byte that was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool
    seconds: float

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)

    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.body.decode(errors="replace")


class HttpClient:
    """One kept-alive connection, for one thread. It follows no redirect and uses no proxy.

    `longest`: bytes of an answer that are read.
    """

    def __init__(self, longest: int = LONGEST_BODY) -> None:
        self._longest = longest
        self._deadline = Deadline()
        self._pool: httpcore.ConnectionPool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.close()

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, *, within_s: float
    ) -> Answer:
        """Send one request and read its answer, all of it within `within_s` seconds. Raises NoAnswer."""
        started = time.monotonic()
        self._deadline.start(within_s)
        sent = {**AGENT, **{name.lower(): value for name, value in headers.items()}}
        try:
            with self._connections(url).stream(
                method, _ascii(url), headers=list(sent.items()), content=content
            ) as response:
                body, cut = _read(response, self._longest)
        except httpcore.TimeoutException:
            waited_s = time.monotonic() - started
            raise NoAnswer("timeout", f"no whole answer within {within_s:g} s", waited_s) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise _no_answer(error) from None
        answered = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
        }
        return Answer(response.status, answered, body, cut, time.monotonic() - started)

    def _connections(self, url: str) -> httpcore.ConnectionPool:
        if self._pool is None:
            context = _certificates() if url.startswith("https:") else None
            self._pool = httpcore.ConnectionPool(
                ssl_context=context, max_connections=1, network_backend=DeadlineNetwork(self._deadline)
            )
        return self._pool


@cache
def _certificates() -> ssl.SSLContext:
    """The authorities that are trusted: `SSL_CERT_FILE` and `SSL_CERT_DIR`, or certifi's."""
    return httpx.create_ssl_context()


def _ascii(url: str) -> str:
    """The URL with everything beyond ASCII quoted."""
    return str(httpx.URL(url))


def _read(response: httpcore.Response, longest: int) -> tuple[bytes, bool]:
    body = bytearray()
    for part in response.iter_stream():
        body += part
        if len(body) > longest:
            return bytes(body[:longest]), True
    return bytes(body), False


def _no_answer(error: Exception) -> NoAnswer:
    """The error in a few words. Its own text is not used: it can hold a header that was sent."""
    if isinstance(error, httpcore.LocalProtocolError):
        return NoAnswer("not http", "the request cannot be sent: its headers or path are not valid HTTP")
    if isinstance(error, UnknownHost):
        return NoAnswer("unknown host", "the host's name is not known")
    return _because(_origin(error))


def _origin(error: BaseException) -> BaseException:
    """The error of the operating system or of TLS that is behind it; itself where there is none."""
    behind: BaseException | None = error
    while behind is not None and not isinstance(behind, OSError):
        behind = behind.__cause__ or behind.__context__
    return behind or error


def _because(error: BaseException) -> NoAnswer:
    if isinstance(error, ConnectionRefusedError):
        return NoAnswer("refused", "the connection was refused")
    if isinstance(error, ssl.SSLCertVerificationError):
        return NoAnswer(
            f"tls {error.verify_message}", f"the TLS certificate is not trusted: {error.verify_message}"
        )
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or type(error).__name__).replace("_", " ").lower()
        return NoAnswer(f"tls {reason}", f"TLS failed: {reason}")
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        code = errno.errorcode.get(error.errno or 0, type(error).__name__)
        return NoAnswer("unreachable", f"the host cannot be reached ({code})")
    return NoAnswer(
        "closed", "the connection was closed before the answer was whole, or the answer was not HTTP"
    )
