"""This host's Backout: its home, its keys, its store."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
from blocks.keys import key
from blocks.local_ledger import LocalLedger
from blocks.store import Store

DATABASE = "backout"
VARIABLE = "BACKOUT_DATABASE_URL"


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
    try:
        found: dict[str, Any] = json.loads(home.serve_file.read_text(encoding="utf-8"))
        os.kill(int(found["pid"]), 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    except PermissionError:
        return found
    return found


@contextmanager
def installation(home: Home | None = None) -> Iterator[Installation]:
    """Open the store: at `BACKOUT_DATABASE_URL`, at the running `serve`'s, or at the embedded one, started as needed.

    Raises StoreUnavailable.
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
        yield Installation(home=home, store=store)
    finally:
        store.rest()
