"""The API as a service of `backout serve`, in a thread and an event loop of its own."""

import threading
from collections.abc import Awaitable, Callable

import uvicorn

from blocks.home import Home
from blocks.keys import api_token
from deployments.concurrency import in_threads
from deployments.gateway.application import create
from deployments.gateway.port import Listener
from deployments.gateway.senders_file import senders_of
from deployments.serving import Serving

STOP_SECONDS = 5
KEEP_ALIVE_SECONDS = 15
AT_ONCE = 512
"""Connections, each perhaps idle; requests that wait for the store or the disk share forty threads."""


class _Server(uvicorn.Server):
    """Ends when it is told to by an event: a thread gets no signals."""

    def __init__(self, config: uvicorn.Config, stop: threading.Event) -> None:
        super().__init__(config)
        self._stop = stop

    async def on_tick(self, counter: int) -> bool:
        """See uvicorn: ten times a second."""
        return self._stop.is_set() or await super().on_tick(counter)


def answers_on(listener: Listener) -> Callable[[Serving], Awaitable[None]]:
    """The service that answers on this port until it is cancelled. It can be started again."""

    async def answer(_serving: Serving) -> None:
        await in_threads(1, lambda stop: answer_on(listener, Home.from_env(), stop))

    return answer


def answer_on(listener: Listener, home: Home, stop: threading.Event) -> None:
    """Answer, once the port is ours, until told to stop; requests at hand have `STOP_SECONDS` to end."""
    if not listener.wait(stop):
        return
    token = api_token(home)
    senders = senders_of(home, token, loopback=listener.loopback)
    config = uvicorn.Config(
        create(home, token, senders),
        access_log=False,
        log_config=None,
        server_header=False,
        limit_concurrency=AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        lifespan="off",
        ws="none",
    )
    # A copy: the server closes what it is given, and this service may be started again.
    _Server(config, stop).run(sockets=[listener.opened.dup()])
