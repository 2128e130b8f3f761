"""A real PostgreSQL for tests, a database a test."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home


@contextmanager
def running_postgres() -> Iterator[EmbeddedPostgres]:
    """A cluster of its own. Not below pytest's folder, which it closes to PostgreSQL's own user again and again."""
    root = Path(tempfile.mkdtemp(prefix="backout-pg-", dir="/tmp"))
    try:
        with EmbeddedPostgres(Home(root / "home").ensure()) as postgres:
            yield postgres
    finally:
        shutil.rmtree(root)
