"""What both services are made of: the release's name, the database, the faults, and how they are served."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import BaseRoute, Route

from .database import PROBE, Database
from .faults import Fault, Faulty
from .telemetry import Metrics, Telemetry

KEEP_ALIVE_S = 180
"""Longer than Caddy keeps an idle connection: it must be the one that closes, or it sends a request into a closing one."""

MIGRATIONS = Path(__file__).parent / "migrations"
log = logging.getLogger("flappyjournal")
Begin = Callable[[Database], Awaitable[None]]


def service(routes: Sequence[BaseRoute], begin: Begin) -> Starlette:
    """One service; `begin` is awaited once the database is there, before anybody is answered.

    The environment names the release (`APP_VERSION`, `SLOT`), its `FAULT`, and the `DATABASE_URL`.
    """
    database, metrics, fault = Database(os.environ["DATABASE_URL"]), Metrics(), Faulty.of_image()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await database.open()
        await begin(database)
        yield
        await database.close()

    async def show_metrics(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(metrics.text())

    app = Starlette(
        routes=[*routes, Route("/metrics", show_metrics)],
        middleware=[Middleware(Telemetry, fault=fault, metrics=metrics)],
        exception_handlers={psycopg.Error: _database_failed},
        lifespan=lifespan,
    )
    app.state.database, app.state.fault = database, fault
    app.state.release = {"version": os.environ["APP_VERSION"], "slot": os.environ["SLOT"]}
    return app


async def health(request: Request) -> JSONResponse:
    """`healthy` answers 200, `unhealthy` 503; `checks` says what is wrong."""
    connected = await request.app.state.database.answers(PROBE)
    working = not request.app.state.fault.shows(Fault.UNHEALTHY)
    healthy = connected and working
    checks = {"database": "ok" if connected else "failed", "api": "ok" if working else "failed"}
    body = {"status": "healthy" if healthy else "unhealthy", **request.app.state.release, "checks": checks}
    return JSONResponse(body, status_code=200 if healthy else 503)


def serve(app: Starlette, port: int) -> None:
    """Answer until SIGTERM."""
    logging.basicConfig(
        stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING
    )
    log.setLevel(logging.INFO)
    everywhere = "0.0.0.0"  # noqa: S104 - within the container: only what compose publishes is reached
    uvicorn.run(
        app, host=everywhere, port=port, access_log=False, log_config=None, timeout_keep_alive=KEEP_ALIVE_S
    )


async def _database_failed(_request: Request, error: Exception) -> JSONResponse:
    log.error("database failed: %s", type(error).__name__)
    return JSONResponse({"detail": "the database does not answer"}, status_code=503)
