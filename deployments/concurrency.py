"""Running things at the same time."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


@contextlib.asynccontextmanager
async def beside(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run the coroutines beside the block, and cancel them at its end; an error of theirs is theirs to tell."""
    running = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


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
