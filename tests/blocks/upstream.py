"""A slot's application: answers each path with who it is. `/health` is 503 while the file `SLOT.unhealthy` exists.

`/partner` calls a third party that is down: 502 while the file `integration` says `on`. `/widget` is 404 while
`SLOT.incompatible` exists. While `SLOT.slow` exists, `/page` takes as many seconds as it says. `/session` is 500 in the
process that `SLOT.stuck` names: a restart mends it.

Its environment decides: `CRASH` ends it at once with that code, `STUBBORN` makes it ignore SIGTERM, and with `CHILD`
a child of it holds the port, as a server with workers does. `BIND` is where it listens, else loopback.
"""

import json
import os
import signal
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

SLOT = os.environ["SLOT"]


class Handler(BaseHTTPRequestHandler):
    """Keeps connections open, and says little."""

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Head and body are two packets: over TCP the second one would wait 40 ms for a proxy that keeps the connection."""
        if self.request.family != socket.AF_UNIX:
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def do_GET(self) -> None:
        """Answer with slot, version, and the names of the variables it was given."""
        version = os.environ.get("APP_VERSION")
        body = json.dumps(
            {"slot": SLOT, "version": version, "pid": os.getpid(), "variables": sorted(os.environ)}
        )
        if self.path == "/metrics":
            body = f'shop_broken{{slot="{SLOT}"}} {int(_status("/health") != 200)}\n'
        self.send_response(_status(self.path))
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            # RFC 9112 9.6. Unsaid, a proxy may send its next request on a connection that is about to be closed.
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_arguments: Any) -> None:
        """Requests are not logged: a load sends many."""


def _status(path: str) -> int:
    if path == "/page" and (slow := Path(f"{SLOT}.slow")).exists():
        time.sleep(float(slow.read_text()))
    if path == "/partner" and (integration := Path("integration")).exists():
        return 502 if integration.read_text() == "on" else 200
    if path == "/session" and (stuck := Path(f"{SLOT}.stuck")).exists():
        return 500 if stuck.read_text() == str(os.getpid()) else 200
    bad = {"/health": (503, "unhealthy"), "/widget": (404, "incompatible")}
    status, file = bad.get(path, (200, ""))
    return status if file and Path(f"{SLOT}.{file}").exists() else 200


class SocketServer(ThreadingHTTPServer):
    """The same on a unix socket, for proxies that dial one."""

    address_family = socket.AF_UNIX
    request_queue_size = 64

    def __init__(self, path: str, handler: type[Handler]) -> None:
        super().__init__(path, handler)  # type: ignore[arg-type]  # typeshed knows only ports

    def server_bind(self) -> None:
        """Bind; a path is no name to look up."""
        TCPServer.server_bind(self)


def _server(place: str) -> ThreadingHTTPServer:
    if not place.startswith("/"):
        return ThreadingHTTPServer((os.environ.get("BIND", "127.0.0.1"), int(place)), Handler)
    Path(place).unlink(missing_ok=True)
    return SocketServer(place, Handler)


def main() -> None:
    """Serve until SIGTERM, on the port or the socket that the first argument names."""
    if "CRASH" in os.environ:
        sys.stderr.write(f"cannot go on with {os.environ.get('DATABASE_URL')}\n")
        sys.exit(int(os.environ["CRASH"]))
    if "STUBBORN" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "CHILD" in os.environ and os.fork() > 0:
        os.wait()
        return
    server = _server(sys.argv[1])
    sys.stderr.write(f"{SLOT} listens\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
