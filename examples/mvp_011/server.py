"""The front: the deployment API, and all else handed to the environment that serves.

`python -m examples.mvp_011.server --folder FOLDER --port N`. `MVP_011_TOKEN` in the environment is the API's token;
without it the API is open, as the runbook's curl lines expect. A file `api-fault` in the folder spoils the next
rollback's answer, see `ApiFault`; it is removed when it is read.
"""

import argparse
import hmac
import http.client
import json
import os
import signal
import threading
import time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from examples.mvp_011.application import Fault
from examples.mvp_011.environments import Environments, NothingBefore

LONGEST_BODY = 64 * 1024
PROXY_SECONDS = 30.0
HANG_SECONDS = 60.0
SLOW_SECONDS = 2.0
TOKEN = "MVP_011_TOKEN"  # noqa: S105 - the variable's name
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length", "server", "date"}


class ApiFault(StrEnum):
    """How the next `POST /deployment/rollback` goes wrong."""

    ERROR_BEFORE = "error before"
    ERROR_AFTER = "error after"
    CUT_AFTER = "cut after"
    HANG_BEFORE = "hang before"
    HANG_AFTER = "hang after"
    SLOW = "slow"


class Front(ThreadingHTTPServer):
    """One deployment API on one port of loopback."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, port: int, token: str | None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.folder = folder
        self.environments = Environments(folder)
        self.token = token

    def api_fault(self) -> ApiFault | None:
        """The fault of the next rollback; read once."""
        file = self.folder / "api-fault"
        try:
            found = ApiFault(file.read_text().strip())
            file.unlink()
        except FileNotFoundError:
            return None
        return found


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: Front
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """The status, or the application."""
        if self.path == "/deployment/status":
            if self._permitted():
                self._say(200, self.server.environments.status())
        else:
            self._proxy(b"")

    def do_POST(self) -> None:
        """A rollback, a deployment, or the application."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_BODY:
            self.close_connection = True
            self._say(413, {"error": f"the body is longer than {LONGEST_BODY} bytes"})
            return
        body = self.rfile.read(length)
        if not self.path.startswith("/deployment/"):
            self._proxy(body)
        elif self._permitted():
            self._change(body)

    def _permitted(self) -> bool:
        token, given = self.server.token, self.headers.get("Authorization", "")
        if token is None or hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return True
        self._say(401, {"error": "Authorization: Bearer TOKEN is needed"})
        return False

    def _change(self, body: bytes) -> None:
        if self.path == "/deployment/rollback":
            self._go_back()
        elif self.path == "/deployment/deploy":
            self._deploy(body)
        else:
            self._say(404, {"error": "not found"})

    def _deploy(self, body: bytes) -> None:
        try:
            wanted = json.loads(body)
            version, fault = str(wanted["version"]), Fault(wanted.get("fault", Fault.NONE))
        except (ValueError, KeyError, TypeError) as error:
            self._say(400, {"error": f"not a deployment: {error}"})
            return
        self._say(200, self.server.environments.deploy(version, fault))

    def _go_back(self) -> None:
        fault = self.server.api_fault()
        if fault is ApiFault.ERROR_BEFORE:
            self._say(500, {"error": "not now"})
            return
        if fault is ApiFault.HANG_BEFORE:
            self._hang()
            return
        work_s = SLOW_SECONDS if fault is ApiFault.SLOW else 0.0
        try:
            answer = self.server.environments.go_back(self.headers.get("Idempotency-Key"), work_s)
        except NothingBefore:
            self._say(409, {"error": "there is no previous environment"})
            return
        self._answer(fault, answer)

    def _answer(self, fault: ApiFault | None, answer: dict[str, Any]) -> None:
        if fault is ApiFault.ERROR_AFTER:
            self._say(500, {"error": "the answer was lost"})
        elif fault is ApiFault.CUT_AFTER:
            self.close_connection = True
        elif fault is ApiFault.HANG_AFTER:
            self._hang()
        else:
            self._say(200, answer)

    def _hang(self) -> None:
        time.sleep(HANG_SECONDS)
        self.close_connection = True

    def _proxy(self, body: bytes) -> None:
        environments = self.server.environments
        port = environments.ports.get(environments.current or "", 0)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=PROXY_SECONDS)
        try:
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            kind = answer.headers.get("Content-Type", "application/octet-stream")
            self._send(answer.status, kind, answer.read())
        except (OSError, http.client.HTTPException) as error:
            self._say(502, {"health": "unhealthy", "error": f"no answer: {type(error).__name__}"})
        finally:
            upstream.close()

    def _say(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        """Quiet: the history says what was done."""


def serve(front: Front) -> None:
    """Serve until SIGTERM or Ctrl-C, then end both environments."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=front.shutdown).start())
    try:
        front.environments.resume()
        front.serve_forever(poll_interval=0.1)
    finally:
        front.environments.stop()
        front.server_close()


def main() -> None:
    """The front alone, for who starts it with releases of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    serve(Front(arguments.folder, arguments.port, os.environ.get(TOKEN)))


if __name__ == "__main__":
    main()
