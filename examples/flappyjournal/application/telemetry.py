"""What both services count and log about their requests, and where the faults strike."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .faults import ONE_IN, SLOW_SECONDS, Fault, Faulty

log = logging.getLogger("flappyjournal")

PROBES = frozenset({"/health", "/api/health", "/api/auth/health", "/metrics"})
"""Probes are not users: counted in, a failing health check would be an error rate of its own."""


class Metrics:
    """Users' requests since the start, in Prometheus' text format. Prometheus itself adds slot, version and `active`."""

    def __init__(self) -> None:
        self._statuses: Counter[int] = Counter()
        self._seconds = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count one request."""
        self._statuses[status] += 1
        self._seconds += seconds

    def text(self) -> str:
        """The counters; durations in seconds."""
        counted = [f'http_requests_total{{code="{code}"}} {n}' for code, n in sorted(self._statuses.items())]
        lines = [
            "# TYPE http_requests_total counter",
            *counted,
            "# TYPE http_request_duration_seconds summary",
            f"http_request_duration_seconds_sum {self._seconds:.6f}",
            f"http_request_duration_seconds_count {sum(self._statuses.values())}",
        ]
        return "\n".join(lines) + "\n"


class Telemetry:
    """ASGI middleware: lets faults strike, counts users' requests, logs each 5xx as an ERROR line."""

    def __init__(self, app: ASGIApp, fault: Faulty, metrics: Metrics) -> None:
        self._app = app
        self._fault = fault
        self._metrics = metrics
        self._users_requests = 0

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

        if self._fault.shows(Fault.SLOW):
            await asyncio.sleep(SLOW_SECONDS)
        app = (
            JSONResponse({"detail": "this release is broken"}, status_code=500)
            if self._fails(scope)
            else self._app
        )
        await app(scope, receive, remember_status)
        return status

    def _fails(self, scope: Scope) -> bool:
        if scope["path"] in PROBES or not self._fault.shows(Fault.ERRORS):
            return False
        self._users_requests += 1
        return self._users_requests % ONE_IN == 0
