"""A time limit for what has none of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


def begun(act: Callable[[], Result], name: str) -> Future[Result]:
    """Start `act` in a thread of its own, which ends with the process; what it returns or raises is in the future."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except Exception as error:  # noqa: BLE001 - handed over, and raised there
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def within(seconds: float, act: Callable[[], Result], name: str) -> Result:
    """What `act` returns or raises, where it comes in time. Raises TimeoutError.

    It runs in a thread that is left behind where it is late, and ends with the process: `act` must be such that
    its late end harms nobody.
    """
    return begun(act, name).result(seconds)
