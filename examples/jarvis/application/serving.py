"""An HTTP server that answers JSON, and ends as Kubernetes asks it to: it goes on until nobody sends it requests any more."""

from __future__ import annotations

import json
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any, cast

PORT = 8080
QUIET_S, LONGEST_S = 2.0, 15.0
"""After SIGTERM it ends when nobody asked for so long: the cluster leads people to a pod for a moment after it told it to
end. At the latest after the second, which is shorter than `terminationGracePeriodSeconds`."""


class Server(ThreadingHTTPServer):
    """Knows whether it is told to end, and whether anybody still needs it."""

    daemon_threads = True  # a kept-alive connection would keep the process

    def __init__(self, handler: type[JsonHandler]) -> None:
        super().__init__(("", PORT), handler)
        self.ending = threading.Event()
        self._busy = 0
        self._last = 0.0
        self._lock = threading.Lock()

    def asked(self, more: int) -> None:
        """A request came (1), or was answered (-1)."""
        with self._lock:
            self._busy += more
            self._last = time.monotonic()

    def drain(self) -> None:
        """Go on until nobody asks; each answer says that its connection ends."""
        began = time.monotonic()
        self.ending.set()
        while time.monotonic() < began + LONGEST_S and not self._quiet(began):
            time.sleep(0.05)
        self.shutdown()

    def _quiet(self, began: float) -> bool:
        return not self._busy and time.monotonic() > max(began, self._last) + QUIET_S


class JsonHandler(BaseHTTPRequestHandler):
    """One connection. `quiet`: paths that the kubelet asks for each second: good answers are not logged, and keep no pod."""

    protocol_version = "HTTP/1.1"
    quiet: tuple[str, ...] = ()
    _counts = False

    def parse_request(self) -> bool:
        """A request came."""
        understood = super().parse_request()
        self._counts = understood and self.path not in self.quiet
        if self._counts:
            self._server.asked(1)
        return understood

    def handle_one_request(self) -> None:
        """One request, answered."""
        self._counts = False
        try:
            super().handle_one_request()
        finally:
            if self._counts:
                self._server.asked(-1)

    @property
    def _server(self) -> Server:
        return cast("Server", self.server)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.path not in self.quiet:
            level = "ERROR" if str(code).startswith("5") else "INFO"
            print(f"{level} {self.command} {self.path} answered {int(code)}, size {size}", flush=True)

    def given(self) -> dict[str, Any]:
        """The request's JSON."""
        length = int(self.headers.get("Content-Length") or 0)
        found: dict[str, Any] = json.loads(self.rfile.read(length)) if length else {}
        return found

    def answer(self, status: int, body: object = None) -> None:
        """Send it."""
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self._server.ending.is_set():
            self.send_header("Connection", "close")  # a client that keeps it would lose its next request
        self.end_headers()
        self.wfile.write(data)


def serve(handler: type[JsonHandler]) -> None:
    """Until SIGTERM, and as long as it is asked."""
    server = Server(handler)

    def end(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.drain).start()

    signal.signal(signal.SIGTERM, end)
    server.serve_forever(poll_interval=0.05)
