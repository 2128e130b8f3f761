"""Stands for a gateway's or an ingress's controller: follows what the objects say, and passes each request on by it.

No real one can be had without pulling images. What answers behind it is real; the proxy and its way to share are ours.
"""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx

from domain.errors import BackoutError

LOOK_AGAIN_S = 0.05


class Follower:
    """A proxy on loopback.

    Attributes:
        look: gives `SERVICE:PORT` -> weight.
        told: called when they were taken.
        where: gives the address of a `SERVICE:PORT`.
    """

    def __init__(
        self, look: Callable[[], Mapping[str, int]], told: Callable[[], None], where: Callable[[str], str]
    ) -> None:
        self._look, self._told, self._where = look, told, where
        # A new connection each time: on a kept one, servers that answer in two writes take 40 ms.
        self._client = httpx.Client(
            trust_env=False, timeout=10, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._over = threading.Event()
        self._turns = Turns()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._threads = [
            threading.Thread(target=run, daemon=True) for run in (self._follow, self._server.serve_forever)
        ]

    @property
    def address(self) -> str:
        """Where users ask."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def knows(self) -> bool:
        """Whether it has read the weights."""
        return self._turns.known

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()
        self._client.close()

    def _follow(self) -> None:
        while not self._over.wait(LOOK_AGAIN_S):
            try:
                self._turns.weigh(self._look())
                self._told()
            except (BackoutError, ValueError):  # it goes on with what it knows, as a real one does
                continue

    def _ask(self) -> httpx.Response:
        return self._client.get(self._where(self._turns.next()))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ask = self._ask

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: else each answer waits 40 ms

            def do_GET(self) -> None:
                try:
                    answer = ask()
                    status, body = answer.status_code, answer.content
                except (httpx.HTTPError, LookupError) as error:
                    status, body = 502, json.dumps({"slot": None, "why": str(error)}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler


class Turns:
    """Whose turn it is, by weights: each gets its share of every hundred, evenly spread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._weights: dict[str, int] = {}
        self._credit: dict[str, int] = {}

    @property
    def known(self) -> bool:
        """Whether there are any."""
        return bool(self._weights)

    def weigh(self, weights: Mapping[str, int]) -> None:
        """Take these from now on."""
        with self._lock:
            if self._weights != dict(weights):
                self._weights, self._credit = dict(weights), dict.fromkeys(weights, 0)

    def next(self) -> str:
        """The Service that the next request goes to. Raises LookupError where none has a weight."""
        with self._lock:
            whole = sum(self._weights.values())
            if not whole:
                raise LookupError("no backend has a weight")
            for service, weight in self._weights.items():
                self._credit[service] += weight
            chosen = max(self._credit, key=lambda service: self._credit[service])
            self._credit[chosen] -= whole
            return chosen
