"""The smallest release with a switch, to run in a container: Python's own modules and nothing more.

`/` is for users, `/health` for probes, `/write` keeps a line in the folder DISK. Its text is given to `python3 -c`.
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SWITCH = Path("/tmp/backout-fault.json")
LINES = Path(os.environ.get("DISK", "/data")) / "lines"
LATE_S = 2.5


def asked() -> str:
    """The fault that is switched on."""
    try:
        found = json.loads(SWITCH.read_text())
        return str(found["fault"]) if time.time() < found["until"] else ""
    except (OSError, ValueError, KeyError):
        return ""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    def do_GET(self) -> None:
        fault = asked()
        if fault == "crash-loop":
            os._exit(1)
        if fault == "latency":
            time.sleep(LATE_S)
        self.send_response(self._status(fault))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _status(self, fault: str) -> int:
        if self.path == "/health":
            return 503 if fault == "failing-health" else 200
        if self.path == "/write":
            return self._written()
        return 500 if fault == "errors" else 200

    def _written(self) -> int:
        try:
            with LINES.open("ab", buffering=0) as file:
                file.write(b"x" * 8192)
                os.fsync(file.fileno())
        except OSError:
            return 507
        return 200


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Handler).serve_forever()
