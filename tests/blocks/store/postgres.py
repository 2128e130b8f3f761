"""A real PostgreSQL for tests, a database a test."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
from tests.blocks.postgres.cluster import never_syncs
from tests.blocks.waiting import wait_until


@contextmanager
def running_postgres() -> Iterator[EmbeddedPostgres]:
    """A cluster of its own. Not below pytest's folder, which it closes to PostgreSQL's own user again and again."""
    root = Path(tempfile.mkdtemp(prefix="backout-pg-", dir="/tmp"))
    try:
        with EmbeddedPostgres(Home(root / "home").ensure()) as postgres:
            never_syncs(postgres.url())
            yield postgres
    finally:
        shutil.rmtree(root)


@contextmanager
def own_home(folder: Path, postgres: EmbeddedPostgres, database: str) -> Iterator[Home]:
    """A home in this folder, with its store in a database of this cluster, as the environment names both meanwhile."""
    home = Home(folder).ensure()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKOUT_HOME", str(home.root))
        patch.setenv("BACKOUT_DATABASE_URL", postgres.ensure_database(database))
        yield home


def kill(postgres: EmbeddedPostgres) -> None:
    """The server and all its sessions are gone."""
    os.kill(int((postgres.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    wait_until(postgres.has_ended, "the server's end")
