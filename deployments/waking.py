"""When the worker asks for runs, beside its regular look: at each event that says so, and soon again while runs keep coming."""

import asyncio
from collections.abc import Awaitable, Callable, Sized

from prefect.logging import get_logger

AGAIN_S = 0.3
COMING_S = 5.0
"""Seconds after a run came in which others are looked for: of many at once, Prefect's events come many seconds late."""


async def poll_when_woken(wake: asyncio.Event, poll: Callable[[], Awaitable[Sized]]) -> None:
    """Call `poll` whenever `wake` is set, and again and again for a while after it found something. Never returns."""
    clock = asyncio.get_running_loop().time
    coming_until = 0.0
    while True:
        await _woken(wake, AGAIN_S if clock() < coming_until else None)
        wake.clear()
        try:
            if len(await poll()):
                coming_until = clock() + COMING_S
        except Exception:  # noqa: BLE001 - whatever it was, the next event must be heard
            get_logger("backout.worker").warning(
                "an early poll failed; the regular one follows", exc_info=True
            )


async def _woken(wake: asyncio.Event, at_most_s: float | None) -> None:
    try:
        async with asyncio.timeout(at_most_s):
            await wake.wait()
    except TimeoutError:
        return
