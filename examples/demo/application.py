"""FlappyJournal in one process: `python -m examples.demo.application --port N`.

The environment says which release it is: `APP_VERSION`, `SLOT`, `DATABASE_URL`, and `FAULT` (see `faults.py`); also
`MIGRATIONS`, the folder it migrates up from, `TEXT_COLUMN`, where it keeps the text of an entry, and `STATE_FOLDER`, for
its own files.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from psycopg import sql
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from examples.demo import accounts, journal
from examples.demo.accounts import CurrentState
from examples.demo.faults import Fault, Faulty
from examples.demo.schema import MIGRATIONS, migrate
from examples.demo.state import SPOOL, State, state_of
from examples.demo.telemetry import Metrics, Telemetry

log = logging.getLogger("flappyjournal")

PAGE = """<!doctype html><title>FlappyJournal</title>
<h1>FlappyJournal</h1><p>Version {version}, served by {slot}.</p>"""

# Longer than a proxy keeps an idle connection: the proxy must be the one to close, or it may send a request into
# a connection that is just going away.
KEEP_ALIVE_SECONDS = 130

_CRASH_LOOK_SECONDS = 0.25
_ALWAYS_SHOWN = ("database", "api")


def create_application(state: State, database_url: str, migrations: Path = MIGRATIONS) -> FastAPI:
    """The application of one slot; it connects and migrates when it starts."""
    application = FastAPI(title="FlappyJournal", version=state.version, lifespan=_lifespan)
    application.state.slot = state
    application.state.migrate = lambda: migrate(database_url, migrations)
    application.add_middleware(Telemetry, faulty=state.faulty, metrics=state.metrics)
    application.add_exception_handler(psycopg.OperationalError, _database_failed)
    application.add_exception_handler(PoolTimeout, _database_failed)
    application.add_exception_handler(OSError, _disk_failed)
    application.include_router(accounts.router)
    application.include_router(journal.router)
    application.add_api_route("/api/health", health)
    application.add_api_route("/metrics", show_metrics, response_class=PlainTextResponse)
    application.add_api_route("/", page, response_class=HTMLResponse)
    application.add_api_websocket_route("/ws", echo)
    return application


@asynccontextmanager
async def _lifespan(application: FastAPI) -> AsyncIterator[None]:
    state: State = application.state.slot
    await asyncio.to_thread(application.state.migrate)
    async with state.pool:
        await state.pool.wait(timeout=10)
        log.info("Database connected")
        crash = asyncio.create_task(_crash(state.faulty))
        yield
        crash.cancel()


async def _crash(faulty: Faulty) -> None:
    # What it waits for is a file that another process writes: there is no event to wait for.
    while not faulty.shows(Fault.CRASH):  # noqa: ASYNC110
        await asyncio.sleep(_CRASH_LOOK_SECONDS)
    log.error("out of memory")
    os._exit(1)


async def _database_failed(_request: Request, error: Exception) -> JSONResponse:
    log.error("database failed: %s", type(error).__name__)
    return JSONResponse({"detail": "the database does not answer"}, status_code=503)


async def _disk_failed(_request: Request, error: Exception) -> JSONResponse:
    log.error("disk failed: %s", error)
    return JSONResponse({"detail": "what you wrote could not be kept"}, status_code=507)


async def health(state: CurrentState) -> JSONResponse:
    """`healthy` and `degraded` answer 200, `unhealthy` 503; `checks` says what is wrong."""
    text = sql.Identifier(state.text_column)
    connected = await state.can_query(sql.SQL("SELECT {} FROM entries LIMIT 0").format(text))
    shows = state.faulty.shows
    found = {
        "database": connected,
        "api": not (shows(Fault.ERRORS) or shows(Fault.UNHEALTHY)),
        "disk": state.can_write,
        "chat": not shows(Fault.DEPENDENCY),
    }
    named = [name for name, good in found.items() if name in _ALWAYS_SHOWN or not good]
    checks = {name: "ok" if found[name] else "failed" for name in named}
    status = "healthy" if all(found.values()) else "unhealthy"
    if status == "healthy" and shows(Fault.DEGRADED):
        status, checks["api"] = "degraded", "degraded"
    body = {"status": status, "version": state.version, "slot": state.slot, "checks": checks}
    return JSONResponse(body, status_code=503 if status == "unhealthy" else 200)


async def show_metrics(state: CurrentState) -> str:
    """Prometheus' text format."""
    return state.metrics.text()


async def page(state: CurrentState) -> str:
    """What a person sees first."""
    return PAGE.format(version=state.version, slot=state.slot)


async def echo(websocket: WebSocket) -> None:
    """Send back each message with the version that heard it: `{"echo": ..., "version": ...}`."""
    state = state_of(websocket)
    if state.faulty.shows(Fault.WEBSOCKET):
        log.error("websocket refused")
        await websocket.close(code=1011)
        return
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive_text()
            await websocket.send_json({"echo": message, "version": state.version, "slot": state.slot})
    except WebSocketDisconnect:
        log.info("websocket closed by the client")


def main() -> None:
    """Serve until SIGTERM, then finish the requests at hand; exits 2 when the environment is not complete."""
    parser = argparse.ArgumentParser(description="FlappyJournal, the demo application")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()
    logging.basicConfig(stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    uvicorn.run(
        _from_environment(parser),
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
    )


def _from_environment(parser: argparse.ArgumentParser) -> FastAPI:
    missing = [name for name in ("APP_VERSION", "DATABASE_URL", "SLOT") if not os.environ.get(name)]
    if missing:
        parser.error(f"set {', '.join(missing)} in the environment")
    try:
        faulty = Faulty.from_environment(os.environ)
    except ValueError as error:
        parser.error(f"FAULT or FAULT_AFTER: {error}; faults are {', '.join(Fault)}")
    version, slot, database_url = (os.environ[name] for name in ("APP_VERSION", "SLOT", "DATABASE_URL"))
    # A connection that the server ended is found out here, and not by the request that gets it.
    pool = AsyncConnectionPool(
        database_url,
        min_size=1,
        max_size=4,
        timeout=5,
        open=False,
        check=AsyncConnectionPool.check_connection,
    )
    text_column = os.environ.get("TEXT_COLUMN", "body")
    state = State(version, slot, faulty, Metrics(version, slot), pool, text_column, _spool())
    return create_application(state, database_url, Path(os.environ.get("MIGRATIONS", MIGRATIONS)))


def _spool() -> Path | None:
    folder = os.environ.get("STATE_FOLDER")
    if not folder:
        return None
    Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(folder) / SPOOL


if __name__ == "__main__":
    main()
