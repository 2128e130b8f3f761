"""How long an application cannot write: seen by a client that connects and writes again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import psycopg

from blocks.postgres.server import Server

WRITE = "INSERT INTO entries (title, body) VALUES ('written', 'meanwhile')"
BEFORE_S = AFTER_S = 0.5


def longest_gap(server: Server, act: Callable[[], object]) -> float:
    """Seconds of the longest time between two writes that worked, while `act` is done. The client reconnects at once."""
    written: list[float] = []
    stop = threading.Event()
    writer = threading.Thread(target=_write, args=[server.url.get_secret_value(), written, stop], daemon=True)
    writer.start()
    time.sleep(BEFORE_S)
    act()
    time.sleep(AFTER_S)
    stop.set()
    writer.join()
    return max(later - earlier for earlier, later in pairwise(written))


def _write(url: str, written: list[float], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                while not stop.is_set():
                    connection.execute(WRITE)
                    written.append(time.monotonic())
        except psycopg.Error:
            time.sleep(0.002)
