"""What runs beside the worker in `backout serve`: the outbox's sender, the watch, the approval socket, the forms' choices."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from blocks.installation import installation
from blocks.sender import Sender
from deployments.applications import Channels
from deployments.approval_socket import serve_answers
from deployments.cancelled import end_cancelled
from deployments.overdue import wake_overdue
from deployments.prefect_api import PrefectApi
from deployments.serve import Service
from deployments.serving import Serving
from deployments.target_choice import offer_targets
from deployments.unfinished import finish_late
from deployments.watch import watch

SENDERS = 4
"""Messages under way at the same time: a channel that hangs holds one of them."""


async def send_messages(_serving: Serving) -> None:
    """Send what waits in the outbox until cancelled."""
    await in_threads(SENDERS, _send)


def _send(stop: threading.Event) -> None:
    with installation() as here:
        Sender(here.store, lambda application: Channels(here, application)).run(stop)


async def offer_choices(_serving: Serving) -> None:
    """Give the forms, which were registered anew, the releases that can be gone back to."""
    await asyncio.to_thread(_offer)


def _offer() -> None:
    with installation() as here:
        offer_targets(here, PrefectApi.find(here.home))


async def watch_applications(_serving: Serving) -> None:
    """Watch every applied application until cancelled."""
    await in_threads(1, watch)


async def end_overdue(_serving: Serving) -> None:
    """Wake what waits for people past its deadline, until cancelled."""
    await in_threads(1, wake_overdue)


async def end_stopped(_serving: Serving) -> None:
    """End the incidents of runs that were cancelled in Prefect, until cancelled itself."""
    await in_threads(1, end_cancelled)


async def finish_put_off(_serving: Serving) -> None:
    """Write the reports that no watch came to write, until cancelled."""
    await in_threads(1, finish_late)


async def in_threads(count: int, work: Callable[[threading.Event], None]) -> None:
    """Run blocking work in threads of its own; cancelling tells it to stop, and waits until it did."""
    stop = threading.Event()
    loop = asyncio.get_running_loop()
    # Not asyncio's own threads: they are few, and work that never ends would leave none for anybody else.
    with ThreadPoolExecutor(count) as threads:
        try:
            await asyncio.gather(*(loop.run_in_executor(threads, work, stop) for _ in range(count)))
        finally:
            stop.set()


SERVICES: Mapping[str, Service] = {
    "answers": serve_answers,
    "cancelled": end_stopped,
    "choices": offer_choices,
    "deadlines": end_overdue,
    "messages": send_messages,
    "unfinished": finish_put_off,
    "watch": watch_applications,
}
