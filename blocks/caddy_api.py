"""Caddy's admin API, of which Backout needs little: read a part of the configuration, replace a part.

https://caddyserver.com/docs/api describes it, with its `Etag` and `If-Match`.
"""

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any

from blocks.fields import UNIX
from domain.errors import ConfigurationError, Unreachable

LONGEST_PROBLEM = 300
TRIES, PAUSE_S = 4, 0.1
NO_HEADERS: Mapping[str, str] = {}
WRONG_PATH = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True)
class Part:
    """A part of the running configuration; `etag` changes with its content."""

    value: Any
    etag: str


class _UnixConnection(HTTPConnection):
    """HTTP over a unix socket; httpx leaks its socket where nobody listens."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("127.0.0.1", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class _Answer:
    status: int
    etag: str
    body: bytes

    @property
    def problem(self) -> str:
        """What Caddy says went wrong, shortened."""
        try:
            said = json.loads(self.body)["error"]
        except (ValueError, KeyError, TypeError):
            said = self.body.decode(errors="replace")
        return str(said)[:LONGEST_PROBLEM]


class CaddyApi:
    """The admin API at `unix//PATH` or `HOST:PORT`; never waits longer than `timeout_s` for the next byte."""

    def __init__(self, address: str, timeout_s: float) -> None:
        self.address = address
        self._timeout_s = timeout_s

    def get(self, path: str) -> Part:
        """What the running configuration holds there; None as its value where it holds nothing.

        Raises Unreachable, and ConfigurationError where Caddy knows no such path or `@id`.
        """
        answer = self._request("GET", path)
        if answer.status in WRONG_PATH:
            raise ConfigurationError(file=f"Caddy at {self.address}", key=path, problem=answer.problem)
        self._require_success(answer)
        return Part(json.loads(answer.body), answer.etag)

    def replace(self, path: str, value: Any, etag: str) -> bool:
        """Put `value` there. False where that part is no longer the one with this etag; then nothing was changed.

        Raises Unreachable: Caddy did not answer, or refused the value and goes on with the old one.
        """
        headers = {"If-Match": etag, "Content-Type": "application/json"}
        answer = self._request("PATCH", path, json.dumps(value), headers)
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            return False
        self._require_success(answer)
        return True

    def _request(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> _Answer:
        # Caddy drops its admin connections, unanswered, when it takes a new configuration from somebody else.
        # A question can be asked again; a change cannot be made again without a look at what became of it.
        tries = TRIES if method == "GET" else 1
        while True:
            tries -= 1
            try:
                return self._send(method, path, body, headers)
            except (OSError, HTTPException) as error:
                if tries == 0 or not isinstance(error, ConnectionResetError | BrokenPipeError):
                    raise self._unreachable(str(error) or type(error).__name__) from error
            time.sleep(PAUSE_S)

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> _Answer:
        connection = self._connection()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return _Answer(answer.status, answer.headers.get("Etag", ""), answer.read())
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        if self.address.startswith(UNIX):
            return _UnixConnection(self.address.removeprefix(UNIX), self._timeout_s)
        return HTTPConnection(self.address, timeout=self._timeout_s)

    def _require_success(self, answer: _Answer) -> None:
        if answer.status != HTTPStatus.OK:
            raise self._unreachable(f"it answered {answer.status}: {answer.problem}")

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(what_it_is="Caddy's admin API", address=self.address, why=why)
