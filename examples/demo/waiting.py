"""Waiting for a condition, never for a time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Look twenty times a second until `condition` holds; raises `TimeoutError` that says what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}, in vain")
        time.sleep(0.05)


def wait_until_listening(port: int, what: str) -> None:
    """Wait until something accepts connections on this port of 127.0.0.1; raises `TimeoutError`."""
    wait_until(lambda: _listens(port), f"{what} on port {port}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
