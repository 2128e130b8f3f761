"""One release of the application: `python -m examples.mvp_011.application --port N`.

The environment says which: `APP_VERSION`, `ENVIRONMENT`, `FAULT`. It answers `/health`, `/api/health`,
`POST /api/ai/query` and `/dist/widget.iife.js`, and ends with the process that started it.
"""

import argparse
import json
import os
import threading
import time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SLOW_SECONDS = 4.0
"""More than the 3 s that the runbook allows an answer."""

CRASH_SECONDS = 1.0
LOOK_SECONDS = 0.5
LONGEST_BODY = 64 * 1024
WIDGET = "(function () { window.mvpWidget = { version: '%s' }; })();\n"


class Fault(StrEnum):
    """What is wrong with a release."""

    NONE = "none"
    ERRORS = "errors"
    SLOW = "slow"
    CRASH = "crash"
    WIDGET = "widget"


class Handler(BaseHTTPRequestHandler):
    """Answers as the release in the environment does."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    version = os.environ.get("APP_VERSION", "")
    environment = os.environ.get("ENVIRONMENT", "")
    fault = Fault(os.environ.get("FAULT", Fault.NONE))

    def do_GET(self) -> None:
        """Health, the API's own health, and the widget."""
        if self.path in ("/health", "/api/health"):
            well = self.fault is not Fault.ERRORS
            said = {"health": "healthy" if well else "unhealthy"}
            self._say(200 if well else 503, {**said, **self._release()})
        elif self.path == "/dist/widget.iife.js" and self.fault is not Fault.WIDGET:
            self._send(200, "text/javascript", (WIDGET % self.version).encode())
        else:
            self._say(404, {"error": "not found"})

    def do_POST(self) -> None:
        """The core of the product: a question to the assistant."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, LONGEST_BODY))
        if self.path != "/api/ai/query":
            self._say(404, {"error": "not found"})
            return
        if self.fault is Fault.SLOW:
            time.sleep(SLOW_SECONDS)
        if self.fault is Fault.ERRORS:
            self._say(500, {"error": "the model does not answer"})
            return
        self._answer(body)

    def _answer(self, body: bytes) -> None:
        try:
            content = json.loads(body)["content"]
        except (ValueError, KeyError, TypeError):
            self._say(400, {"error": "content is missing"})
            return
        self._say(200, {"answer": f"You said: {str(content)[:200]}", **self._release()})

    def _release(self) -> dict[str, str]:
        return {"version": self.version, "environment": self.environment}

    def _say(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        """The front says what was asked."""


def _end_with(parent: int) -> None:
    """End when the process that started this one has gone, also by `kill -9`."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(0)


def _crash() -> None:
    time.sleep(CRASH_SECONDS)
    os._exit(1)


def main() -> None:
    """Serve until the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    if Handler.fault is Fault.CRASH:
        threading.Thread(target=_crash, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
