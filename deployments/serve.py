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
from blocks.keys import api_token, api_token_file
from deployments.admission import PLACES
from deployments.catalog import CATALOG, WORK_POOL, Catalogued, modules
from deployments.concurrency import beside
from deployments.gateway.port import Listener, listening
from deployments.gateway.senders_file import senders_of
from deployments.gateway.service import answers_on
from deployments.prefect_environment import auth_file, given_environment
from deployments.prefect_server import PrefectServer
from deployments.register import register
from deployments.serving import Serving, announced, only_one
from deployments.warm_worker import WarmWorker
from domain.errors import CommandFailed, PrefectUnavailable

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
    `PrefectUnavailable`, `CommandFailed`, `ConfigurationError`.
    """
    stop = _stop_event()
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one(home.ensure()))
        listener = stack.enter_context(listening(os.environ))
        started = await _start_servers(home, stack, listener)
        await _registered(started.serving, catalog, work_pool)
        worker = WarmWorker(
            work_pool,
            home=home,
            imported=modules(catalog),
            descriptors=started.descriptors,
            limit=places,
            name=f"backout-{os.getpid()}",
        )
        offered = {"api": answers_on(listener)} if listener else {}
        async with _running(worker, started.serving, {**(services or {}), **offered}):
            with announced(home, started.serving):
                _say(started.serving, waits=listener is not None and not listener.held)
                await stop.wait()
            await worker.drain(drain_seconds)


def _say(serving: Serving, *, waits: bool) -> None:
    """Where it can be reached, for whoever started it."""
    log_in = f", log in with the line in {serving.auth_file}" if serving.auth_file else ""
    print(f"Prefect's UI: {serving.ui_url}{log_in}", flush=True)  # noqa: T201
    if serving.api_url:
        then = ", once its port is free" if waits else ""
        print(f"Deployment API: {serving.api_url}, token in {serving.api_token_file}{then}", flush=True)  # noqa: T201


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


async def _start_servers(home: Home, stack: AsyncExitStack, listener: Listener | None) -> _Started:
    """Start what the environment does not name, and point this process and its children at it."""
    postgres = EmbeddedPostgres(home)
    own_store = "BACKOUT_DATABASE_URL" not in os.environ
    own_prefect = "PREFECT_API_URL" not in os.environ
    if own_store or own_prefect:
        await asyncio.to_thread(postgres.start)
        stack.push_async_callback(asyncio.to_thread, postgres.stop)
        await stack.enter_async_context(beside(_keep_up_postgres(postgres)))
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
        **_api(home, listener),
    )
    return _Started(serving, postgres.hold_descriptors())


def _api(home: Home, listener: Listener | None) -> dict[str, str]:
    """Where the deployment API is, once its token is there and its senders can be used. Raises ConfigurationError."""
    if listener is None:
        return {}
    senders_of(home, api_token(home), loopback=listener.loopback)
    return {"api_url": listener.url, "api_token_file": str(api_token_file(home))}


async def _start_prefect(home: Home, postgres: EmbeddedPostgres, stack: AsyncExitStack) -> dict[str, str]:
    server = PrefectServer(home, postgres)
    stack.push_async_callback(asyncio.to_thread, server.stop)
    await asyncio.to_thread(server.start)
    await stack.enter_async_context(beside(_keep_up_server(server)))
    return server.client_environment()


async def _keep_up_postgres(postgres: EmbeddedPostgres) -> None:
    """Start PostgreSQL again when it dies: all that needs it waits meanwhile."""
    while True:
        await asyncio.sleep(SERVICE_PAUSE_SECONDS)
        if postgres.has_ended():
            get_logger("backout.serve").error(
                "PostgreSQL ended; starting it again, see %s/log", postgres.data
            )
            try:
                await asyncio.to_thread(postgres.start_again)
            except CommandFailed as error:
                get_logger("backout.serve").error("%s", error)


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
