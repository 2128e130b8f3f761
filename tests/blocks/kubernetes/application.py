"""What runs in the pods of tests: answers each path with who it is. Only Python's own library, for an image of its own.

Its environment decides:

- `SLOT`, `APP_VERSION`: what it calls itself. `PORT`: where it listens, 8080.
- `CRASH`: ends at once with that code, after it said why.
- `UNHEALTHY`, or the file `/tmp/unhealthy`: `/health` is 503. `UNREADY`, or the file `/tmp/unready`: `/ready` is 503.
- `FAILING`: every other path is 500. `SLOW_S`: seconds that every answer but the probes' takes.
- `CLOSE`: every answer closes its connection.
- `SLOW_RESTART_S`: seconds before it listens, where the folder `/state` of its pod says that it ran before.
- `FEATURE_...`, `SETTING_...`: their values are in the answer.
"""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROBES = {"/health": "unhealthy", "/ready": "unready"}
SHOWN = ("FEATURE_", "SETTING_")


def _who() -> dict[str, Any]:
    shown = {name: value for name, value in os.environ.items() if name.startswith(SHOWN)}
    return {
        "slot": os.environ.get("SLOT"),
        "version": os.environ.get("APP_VERSION"),
        "pod": os.environ.get("HOSTNAME"),
        "settings": shown,
        "variables": sorted(os.environ),
    }


def _status(path: str) -> int:
    if state := PROBES.get(path):
        return 503 if state.upper() in os.environ or Path(f"/tmp/{state}").exists() else 200
    time.sleep(float(os.environ.get("SLOW_S", "0")))
    return 500 if "FAILING" in os.environ else 200


class Handler(BaseHTTPRequestHandler):
    """Keeps connections open, and says little."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: else each answer waits 40 ms

    def do_GET(self) -> None:
        """Answer with who it is."""
        body = json.dumps(_who()).encode()
        self.send_response(_status(self.path))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if "CLOSE" in os.environ:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Requests are not logged: a load sends many."""


def _wait_where_it_ran_before() -> None:
    """A busy node tells of a pod a second or two late: one that is back at once was never seen to be down."""
    mark = Path("/state/ran")
    if "SLOW_RESTART_S" in os.environ:
        time.sleep(float(os.environ["SLOW_RESTART_S"]) if mark.exists() else 0)
        mark.touch()


def main() -> None:
    """Serve until SIGTERM."""
    name = os.environ.get("SLOT") or os.environ.get("APP_VERSION")
    if "CRASH" in os.environ:
        sys.stderr.write(f"{name} starts\ncannot go on with {os.environ.get('DATABASE_URL')}\n")
        sys.exit(int(os.environ["CRASH"]))
    # The first process of a container has no default for signals: without this it would be killed only after the grace.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    _wait_where_it_ran_before()
    server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8080"))), Handler)  # noqa: S104
    sys.stderr.write(f"{name} listens\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
