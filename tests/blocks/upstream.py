"""A slot's application: answers each path with who it is. `/health` is 503 while the file `SLOT.unhealthy` exists.

Its environment decides: `CRASH` ends it at once with that code, `STUBBORN` makes it ignore SIGTERM, and with `CHILD`
a child of it holds the port, as a server with workers does.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SLOT = os.environ["SLOT"]


class Handler(BaseHTTPRequestHandler):
    """Keeps connections open, and says little."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with slot, version, and the names of the variables it was given."""
        unhealthy = self.path == "/health" and Path(f"{SLOT}.unhealthy").exists()
        version = os.environ.get("APP_VERSION")
        body = json.dumps(
            {"slot": SLOT, "version": version, "pid": os.getpid(), "variables": sorted(os.environ)}
        )
        self.send_response(503 if unhealthy else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_arguments: Any) -> None:
        """Requests are not logged: a load sends many."""


def main() -> None:
    """Serve until SIGTERM."""
    if "CRASH" in os.environ:
        sys.stderr.write(f"cannot go on with {os.environ.get('DATABASE_URL')}\n")
        sys.exit(int(os.environ["CRASH"]))
    if "STUBBORN" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "CHILD" in os.environ and os.fork() > 0:
        os.wait()
        return
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    sys.stderr.write(f"{SLOT} listens\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
