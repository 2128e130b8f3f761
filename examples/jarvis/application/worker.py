"""The worker: takes sessions away that nobody can use any more. Its release shows in its log and on its template."""

from __future__ import annotations

import os
import signal
import threading

import psycopg

from . import database
from .release import VERSION, start

EVERY_S = float(os.environ.get("EVERY_S", "5"))


def main() -> None:
    """Until SIGTERM."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    while not over.wait(EVERY_S):
        try:
            database.ask(
                "DELETE FROM sessions s WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.email = s.email)"
            )
        except psycopg.Error as error:
            print(f"ERROR worker {VERSION}: {' '.join(str(error).split())}", flush=True)


if __name__ == "__main__":
    start()
    main()
