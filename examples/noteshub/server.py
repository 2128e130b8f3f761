"""A small HTTP/1.1 server of JSON on a port, and where wanted on a unix socket too."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Requests:
    """What answers: method, path without its query, and body, to a status and a JSON object."""

    answer: Callable[[str, str, bytes], Answer]

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """The class that http.server makes one of for each connection."""
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Header and body in one write: in two, each answer on a kept connection waits for an acknowledgement.
            wbufsize = -1

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def do_DELETE(self) -> None:
                self._answer()

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, found = answer(self.command, self.path.partition("?")[0], body)
                text = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_arguments: Any) -> None:
                """Requests are not logged: a load sends many."""

        return Handler


class _Server(ThreadingHTTPServer):
    """With room for connections that come at once: nginx takes a full queue for a dead slot."""

    request_queue_size = 256


class _UnixServer(_Server):
    """The same on a unix socket. What is left of an earlier one is removed: nobody listens there any more."""

    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        """Bind; the base class would look up a host name."""
        Path(str(self.server_address)).unlink(missing_ok=True)
        TCPServer.server_bind(self)


def serve(requests: Requests, port: int, socket_file: Path | None = None) -> None:
    """Serve until SIGTERM."""
    servers: list[ThreadingHTTPServer] = [_Server(("127.0.0.1", port), requests.handler())]
    if socket_file is not None:
        servers.append(_UnixServer(str(socket_file), requests.handler()))  # type: ignore[arg-type]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()
