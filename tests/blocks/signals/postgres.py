"""A real PostgreSQL of ten connections that counts its queries."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from blocks import embedded_postgres
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home

MOST, RESERVED = 10, 3
LOCKED = "local all locked scram-sha-256\n"
SETTINGS = (
    f"max_connections = {MOST}",
    f"superuser_reserved_connections = {RESERVED}",
    "max_wal_senders = 3",
    "shared_preload_libraries = 'pg_stat_statements'",
    "fsync = off",
)


@contextmanager
def observed_postgres() -> Iterator[EmbeddedPostgres]:
    """It trusts everybody but the role `locked`, whose password is `right`. `ordinary` may see nothing of others."""
    with _fresh() as server:
        with server:
            _configure(server)
        with server:
            yield server


@contextmanager
def standby_of(primary: EmbeddedPostgres, name: str) -> Iterator[EmbeddedPostgres]:
    """A hot standby that streams from it under this name."""
    with _fresh() as server:
        server.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            embedded_postgres._hand_over(server.data)
        source = f"host={primary.sockets} user=postgres application_name={name}"
        embedded_postgres._must(["pg_basebackup", "-D", str(server.data), "-R", "-c", "fast", "-d", source])
        # The primary's socket lies among its data.
        for copied in server.data.glob(".s.PGSQL*"):
            copied.unlink()
        with server:
            yield server


@contextmanager
def _fresh() -> Iterator[EmbeddedPostgres]:
    """Not started yet. Not below pytest's folder, which it closes to PostgreSQL's own user again and again."""
    folder = Path(tempfile.mkdtemp(prefix="backout-pg-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield EmbeddedPostgres(Home(folder / "home").ensure())
    finally:
        shutil.rmtree(folder)


def as_role(server: EmbeddedPostgres, role: str, password: str = "", database: str = "postgres") -> str:
    """The address of a database for this role."""
    return f"postgresql://{role}:{password}@/{database}?host={server.sockets}"


def _configure(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for setting in SETTINGS:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
        connection.execute("CREATE ROLE ordinary LOGIN")
    rules = server.data / "pg_hba.conf"
    rules.write_text(LOCKED + rules.read_text(encoding="utf-8"), encoding="utf-8")
