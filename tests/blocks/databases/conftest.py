"""A real PostgreSQL of ten connections."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

pytest.register_assert_rewrite("tests.blocks.databases.contract")

from blocks.embedded_postgres import EmbeddedPostgres  # noqa: E402 - after the rewrite is registered
from blocks.home import Home  # noqa: E402

ALLOWED = 10
LOCKED = "local all locked scram-sha-256\n"


@pytest.fixture(scope="package")
def cluster() -> Iterator[EmbeddedPostgres]:
    """It trusts everybody but the role `locked`, whose password is `right`."""
    folder = Path(tempfile.mkdtemp(prefix="backout-pg-", dir="/tmp"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(Home(folder / "home").ensure())
    with server:
        _configure(server)
    with server:
        yield server
    shutil.rmtree(folder)


@pytest.fixture
def database(cluster: EmbeddedPostgres) -> Iterator[str]:
    """URL of an empty database."""
    url = cluster.ensure_database("shop")
    yield url
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE shop WITH (FORCE)")


def _configure(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET max_connections = {ALLOWED}")
        connection.execute("ALTER SYSTEM SET max_wal_senders = 0")
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
    rules = server.data / "pg_hba.conf"
    rules.write_text(LOCKED + rules.read_text(encoding="utf-8"), encoding="utf-8")
