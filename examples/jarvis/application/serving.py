"""An HTTP server that answers JSON, and ends as Kubernetes asks it to: it goes on until nobody sends it requests any more."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any

PORT = 8080
DRAIN_S = float(os.environ.get("DRAIN_S", "2"))
"""Endpoints and proxies learn of a pod's end a moment after it is told to end."""


class JsonHandler(BaseHTTPRequestHandler):
    """One connection. `quiet`: paths whose good answers are not logged, since they are asked for each second."""

    protocol_version = "HTTP/1.1"
    quiet: tuple[str, ...] = ()

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
        self.end_headers()
        self.wfile.write(data)


def serve(handler: type[JsonHandler]) -> None:
    """Until SIGTERM, and a moment longer."""
    server = ThreadingHTTPServer(("", PORT), handler)
    server.daemon_threads = True  # a kept-alive connection would keep the process

    def end(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=_drain, args=(server,)).start()

    signal.signal(signal.SIGTERM, end)
    server.serve_forever(poll_interval=0.05)


def _drain(server: ThreadingHTTPServer) -> None:
    time.sleep(DRAIN_S)
    server.shutdown()
