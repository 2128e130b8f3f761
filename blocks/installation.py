"""This host's Backout: its home, its keys, its store."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
from blocks.keys import key
from blocks.local_ledger import LocalLedger
from blocks.store import Store

DATABASE = "backout"
VARIABLE = "BACKOUT_DATABASE_URL"
SERVE_LOCK = "serve.lock"
"""In `Home.state`; held by a `serve` for as long as it lives."""


@dataclass(frozen=True)
class Installation:
    """What every part of Backout on this host shares."""

    home: Home
    store: Store

    @property
    def approvals_key(self) -> bytes:
        """Signs people's answers."""
        return key(self.home, "approvals")

    def local(self, application: str) -> LocalLedger:
        """The application's record on this host."""
        return LocalLedger(self.home, application, key(self.home, "journal"))


def serving(home: Home) -> dict[str, Any] | None:
    """What a running `backout serve` wrote about itself; None where none runs."""
    found = last_served(home)
    return found if found and _lives(int(found["pid"])) and _held(home.state / SERVE_LOCK) else None


def last_served(home: Home) -> dict[str, Any] | None:
    """What the last `backout serve` wrote about itself, whether it runs or was killed; None where it ended well."""
    try:
        found: dict[str, Any] = json.loads(home.serve_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _held(lock: Path) -> bool:
    """Whether a process holds the lock. A pid alone would not do: another process may have it by now."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


@contextmanager
def installation(home: Home | None = None) -> Iterator[Installation]:
    """Open the store: at `BACKOUT_DATABASE_URL`, at the running `serve`'s, or at the embedded one, started as needed.

    Raises StoreUnavailable, and ConfigurationError where this host's keys are not those of the store.
    """
    home = (home or Home.from_env()).ensure()
    url = os.environ.get(VARIABLE) or (serving(home) or {}).get("database_url")
    if url:
        with _opened(home, url) as here:
            yield here
        return
    with EmbeddedPostgres(home) as postgres, _opened(home, postgres.ensure_database(DATABASE)) as here:
        yield here


@contextmanager
def _opened(home: Home, url: str) -> Iterator[Installation]:
    store = Store(url, key(home, "journal"))
    try:
        store.database.migrate()
        for name in ("journal", "approvals"):
            store.check_key(name, key(home, name))
        yield Installation(home=home, store=store)
    finally:
        store.rest()
