"""What the application counts and logs about its requests, and where the faults strike."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.demo.faults import SLOW_SECONDS, Fault, Faulty

log = logging.getLogger("flappyjournal")

# Probes are not users: counted in, a failing health check would be an error rate of its own.
PROBES = frozenset({"/api/health", "/api/auth/health", "/metrics"})


class Metrics:
    """Counts of users' requests since the start, shown in Prometheus' text format."""

    def __init__(self, version: str, slot: str) -> None:
        self._labels = f'version="{version}",slot="{slot}"'
        self._statuses: Counter[int] = Counter()
        self._seconds = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count one request."""
        self._statuses[status] += 1
        self._seconds += seconds

    def text(self) -> str:
        """The counters as Prometheus reads them; durations in seconds."""
        labels = self._labels
        errors = sum(
            count for status, count in self._statuses.items() if status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )
        lines = ["# TYPE http_requests_total counter"]
        lines += [
            f'http_requests_total{{{labels},code="{status}"}} {count}'
            for status, count in sorted(self._statuses.items())
        ]
        lines += [
            "# TYPE http_request_errors_total counter",
            f"http_request_errors_total{{{labels}}} {errors}",
            "# TYPE http_request_duration_seconds summary",
            f"http_request_duration_seconds_sum{{{labels}}} {self._seconds:.6f}",
            f"http_request_duration_seconds_count{{{labels}}} {self._statuses.total()}",
        ]
        return "\n".join(lines) + "\n"


class Telemetry:
    """ASGI middleware: lets the faults strike, counts each request, logs each 5xx as an ERROR line."""

    def __init__(self, app: ASGIApp, faulty: Faulty, metrics: Metrics) -> None:
        self._app = app
        self._faulty = faulty
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; WebSockets and the lifespan pass untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = await self._answer(scope, receive, send)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("%s %s answered %d", scope["method"], scope["path"], status)
        if scope["path"] not in PROBES:
            self._metrics.add(status, time.monotonic() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        status = 500

        async def remember_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if self._faulty.shows(Fault.SLOW):
            await asyncio.sleep(SLOW_SECONDS)
        await self._choose(scope)(scope, receive, remember_status)
        return status

    def _choose(self, scope: Scope) -> ASGIApp:
        if scope["path"] not in PROBES and self._faulty.fails_this_request():
            return JSONResponse({"detail": "this release is broken"}, status_code=500)
        return self._app
