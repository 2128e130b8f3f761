"""Services with threads of their own."""

import asyncio
import os
import threading

from deployments.concurrency import in_threads


def wait_for_the_end(stop: threading.Event) -> None:
    stop.wait()


def test_services_that_never_end_leave_threads_for_others() -> None:
    many = (os.cpu_count() or 1) + 40

    async def serve() -> str:
        service = asyncio.create_task(in_threads(many, wait_for_the_end))
        await asyncio.sleep(0)
        answer = await asyncio.wait_for(asyncio.to_thread(lambda: "here"), 30)
        service.cancel()
        return answer

    assert asyncio.run(serve()) == "here"
