"""`backout serve`: start what is not configured, register the deployments, execute their runs, until told to stop."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
from prefect.context import refresh_global_settings_context
from prefect.logging import get_logger

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
from deployments.catalog import CATALOG, WORK_POOL, Catalogued, modules
from deployments.concurrency import beside
from deployments.prefect_environment import auth_file, given_environment
from deployments.prefect_server import PrefectServer
from deployments.register import register
from deployments.serving import Serving, announced, only_one
from deployments.warm_worker import PLACES, WarmWorker
from domain.errors import PrefectUnavailable

STORE_DATABASE = "backout"
DRAIN_SECONDS = 120.0
SERVICE_PAUSE_SECONDS = 2.0


Service = Callable[[Serving], Awaitable[None]]


async def serve(
    home: Home,
    *,
    catalog: Sequence[Catalogued] = CATALOG,
    work_pool: str = WORK_POOL,
    services: Mapping[str, Service] | None = None,
    places: int = PLACES,
    drain_seconds: float = DRAIN_SECONDS,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain and stop what was started here.

    Each of `services` runs beside the worker and is started again when it fails. Raises `AlreadyServing`,
    `PrefectUnavailable`, `CommandFailed`.
    """
    stop = _stop_event()
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one(home.ensure()))
        started = await _start_servers(home, stack)
        await _registered(started.serving, catalog, work_pool)
        worker = WarmWorker(
            work_pool,
            home=home,
            imported=modules(catalog),
            descriptors=started.descriptors,
            limit=places,
            name=f"backout-{os.getpid()}",
        )
        async with _running(worker, started.serving, services or {}):
            with announced(home, started.serving):
                print(f"Prefect's UI: {started.serving.ui_url}", flush=True)  # noqa: T201
                await stop.wait()
            await worker.drain(drain_seconds)


async def _registered(serving: Serving, catalog: Sequence[Catalogued], work_pool: str) -> None:
    """Tell the server of the deployments. Raises PrefectUnavailable where one that somebody else runs is not there."""
    try:
        await register(catalog, work_pool)
    except httpx.TransportError as error:
        why = str(error) or type(error).__name__
        raise PrefectUnavailable("Prefect", serving.prefect_api_url, why) from error


@dataclass(frozen=True)
class _Started:
    serving: Serving
    descriptors: tuple[int, ...]


async def _start_servers(home: Home, stack: AsyncExitStack) -> _Started:
    """Start what the environment does not name, and point this process and its children at it."""
    postgres = EmbeddedPostgres(home)
    own_store = "BACKOUT_DATABASE_URL" not in os.environ
    own_prefect = "PREFECT_API_URL" not in os.environ
    if own_store or own_prefect:
        await asyncio.to_thread(postgres.start)
        stack.push_async_callback(asyncio.to_thread, postgres.stop)
    if own_store:
        os.environ["BACKOUT_DATABASE_URL"] = await asyncio.to_thread(postgres.ensure_database, STORE_DATABASE)
    environment = await _start_prefect(home, postgres, stack) if own_prefect else given_environment(home)
    os.environ.update(environment, BACKOUT_HOME=str(home.root))
    refresh_global_settings_context()
    serving = Serving(
        pid=os.getpid(),
        prefect_api_url=environment["PREFECT_API_URL"],
        auth_file=str(auth_file(home)) if own_prefect else None,
        database_url=os.environ["BACKOUT_DATABASE_URL"],
        socket=str(home.run / "backout.sock"),
    )
    return _Started(serving, postgres.hold_descriptors())


async def _start_prefect(home: Home, postgres: EmbeddedPostgres, stack: AsyncExitStack) -> dict[str, str]:
    server = PrefectServer(home, postgres)
    stack.push_async_callback(asyncio.to_thread, server.stop)
    await asyncio.to_thread(server.start)
    await stack.enter_async_context(beside(_keep_up_server(server)))
    return server.client_environment()


async def _keep_up_server(server: PrefectServer) -> None:
    """Start the server again, on its port, when it dies: runs wait for it meanwhile."""
    while True:
        await asyncio.sleep(SERVICE_PAUSE_SECONDS)
        if server.has_ended():
            get_logger("backout.serve").error("Prefect's server ended; starting it again, see %s", server.log)
            try:
                await asyncio.to_thread(server.start)
            except PrefectUnavailable as error:
                get_logger("backout.serve").error("%s", error)


@contextlib.asynccontextmanager
async def _running(
    worker: WarmWorker, serving: Serving, services: Mapping[str, Service]
) -> AsyncIterator[None]:
    """The worker and the services beside the block, from the moment that a run would start at once."""

    async def work(_serving: Serving) -> None:
        await worker.start(printer=_unsaid)

    kept = {"worker": work, **services}
    async with beside(*(_kept_up(name, service, serving) for name, service in kept.items())):
        await worker.ready()
        yield


async def _kept_up(name: str, service: Service, serving: Serving) -> None:
    """Run one service; a failure is logged and the service started again, and takes nothing else down."""
    while True:
        try:
            await service(serving)
        except Exception:  # noqa: BLE001 - whatever failed in one service, the worker goes on
            get_logger("backout.serve").exception("service %s failed; it is started again", name)
        else:
            return
        await asyncio.sleep(SERVICE_PAUSE_SECONDS)


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _unsaid(*_words: object) -> None:
    """Prefect's worker says that it started; `serve` says more."""


if __name__ == "__main__":
    asyncio.run(serve(Home.from_env()))
