"""What is in the demo application's database, and somebody who goes on writing."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg

ENTRIES = 40
MOODS = 7
SESSIONS = 20
TOKEN = "a token of a test"
PAUSE_S = 0.02


def seed(url: str) -> None:
    """A person, who is logged in, and their entries."""
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO users (email, password_hash) VALUES ('ann@example.test', 'none')")
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        connection.execute("INSERT INTO sessions (token_hash, user_id) VALUES (%s, 1)", [digest])
        connection.execute(
            "INSERT INTO sessions (token_hash, user_id) SELECT 'other ' || n, 1 FROM generate_series(2, %s) n",
            [SESSIONS],
        )
        connection.execute(
            "INSERT INTO entries (user_id, title, body) SELECT 1, 'Day ' || n, 'Text ' || n FROM generate_series(1, %s) n",
            [ENTRIES],
        )


def seed_moods(url: str) -> None:
    """What is only in the column that the lossy migration brings."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE entries SET mood = 'good' WHERE id <= %s", [MOODS])


class Writer:
    """Writes entries through the router, one after the other. `written`: the titles of those that were taken."""

    def __init__(self, address: str) -> None:
        self.written: list[str] = []
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        session = {"Authorization": f"Bearer {TOKEN}"}
        number = 0
        with httpx.Client(base_url=self._address, headers=session, timeout=10, trust_env=False) as client:
            while not self._stop.wait(PAUSE_S):
                number += 1
                entry = {"title": f"Written meanwhile {number}", "body": "by a test"}
                try:
                    answer = client.post("/api/journal", json=entry)
                except httpx.TransportError:
                    continue
                if answer.status_code == 201:
                    self.written.append(entry["title"])


@contextmanager
def writing(address: str) -> Iterator[Writer]:
    """Somebody writes inside."""
    writer = Writer(address)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()
