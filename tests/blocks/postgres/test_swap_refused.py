"""What keeps two databases from changing names: told, and nothing changed."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from blocks.embedded_postgres import PROGRAMS, EmbeddedPostgres
from blocks.home import Home
from blocks.migration_steps.lock import only_migration
from blocks.postgres.maintenance import turn
from blocks.postgres.programs import Programs
from blocks.postgres.restore import restore
from blocks.postgres.server import Server
from blocks.postgres.swap import kept, swap, swap_back
from domain.errors import ConnectionsRemain, DatabaseUnreachable, MigrationRunning, SwapRefused
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.restoring import backed_up, customers, databases

SHORT_S = 0.2


@pytest.fixture
def beside(server: Server, programs: Programs, tmp_path: Path) -> str:
    return restore(server, programs, backed_up(server, programs, tmp_path)).database


def is_as_before(cluster: Cluster, server: Server, beside: str) -> bool:
    return databases(cluster, server) == {server.database: True, beside: True} and customers(server) == 30


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.both_versions
def test_a_session_that_does_not_leave(postgres: Cluster, server: Server, beside: str) -> None:
    with psycopg.connect(server.url.get_secret_value(), application_name="reports") as session:
        pid = session.info.backend_pid
        with stopped(pid), pytest.raises(ConnectionsRemain, match=rf"\(reports, pid {pid}\)"):
            swap(server, beside, drain_s=SHORT_S)
        assert is_as_before(postgres, server, beside)


def test_a_superusers_session_is_not_ours_to_end_and_costs_no_outage(
    postgres: Cluster, server: Server, beside: str
) -> None:
    with postgres.connect(server.database) as session, server.connected() as ours:
        with pytest.raises(ConnectionsRemain, match=f"postgres@local .*pid {session.info.backend_pid}"):
            swap(server, beside, drain_s=SHORT_S)
        ours.execute("SELECT 1")
        session.execute("SELECT 1")
    assert is_as_before(postgres, server, beside)


def test_a_superusers_session_that_leaves_in_time(
    postgres: Cluster, server: Server, beside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = postgres.connect(server.database)
    monkeypatch.setattr("blocks.postgres.swap.time.sleep", lambda _seconds: session.close())
    swap(server, beside)
    assert customers(server) == 30


def test_a_lock_on_the_database_itself(postgres: Cluster, server: Server, beside: str) -> None:
    with postgres.connect() as other:
        other.execute("BEGIN")
        # What CREATE DATABASE ... TEMPLATE holds for as long as it copies.
        other.execute(sql.SQL("COMMENT ON DATABASE {} IS 'x'").format(sql.Identifier(server.database)))
        with pytest.raises(ConnectionsRemain, match=f"pid {other.info.backend_pid}"):
            swap(server, beside, drain_s=SHORT_S)
        other.execute("ROLLBACK")
    assert is_as_before(postgres, server, beside)


def test_a_migration_that_runs(postgres: Cluster, server: Server, beside: str) -> None:
    with only_migration(server, None), pytest.raises(MigrationRunning, match="backout of"):
        swap(server, beside)
    assert is_as_before(postgres, server, beside)


def test_another_process_that_swaps(
    postgres: Cluster, server: Server, beside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blocks.postgres.maintenance.TURN_S", 0.1)
    with turn(server, server.database), pytest.raises(SwapRefused, match="another process"):
        swap(server, beside)
    assert is_as_before(postgres, server, beside)


def test_a_database_that_we_did_not_make(postgres: Cluster, server: Server, beside: str) -> None:
    with server.connected() as connection:
        connection.execute("CREATE DATABASE somebodys")
    with pytest.raises(SwapRefused, match="somebodys is neither a finished restore of it, nor kept"):
        swap(server, "somebodys")
    with pytest.raises(SwapRefused, match="there is no database nowhere"):
        swap_back(server, "nowhere")
    with pytest.raises(SwapRefused, match="with itself"):
        swap(server, server.database)
    assert databases(postgres, server) == {server.database: True, beside: True, "somebodys": True}
    assert kept(server) == []


def test_a_role_that_may_not_rename(postgres: Cluster, server: Server, beside: str) -> None:
    role = sql.Identifier(f"{server.database}_owner")
    with postgres.connect() as connection:
        connection.execute(sql.SQL("ALTER ROLE {} NOCREATEDB").format(role))
    with pytest.raises(SwapRefused, match=r"may not rename databases: ALTER ROLE .* CREATEDB"):
        swap(server, beside)
    assert is_as_before(postgres, server, beside)


def test_a_role_that_does_not_own_it(postgres: Cluster, server: Server, beside: str) -> None:
    role = sql.Identifier("passer_by")
    with postgres.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD 'x'").format(role))
    try:
        url = SecretStr(make_conninfo(server.url.get_secret_value(), user="passer_by", password="x"))
        with pytest.raises(SwapRefused, match="role passer_by does not own it"):
            swap(Server(url=url, owner_url=url), beside)
    finally:
        with postgres.connect() as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(role))
    assert is_as_before(postgres, server, beside)


def test_a_name_longer_than_names_may_be(server: Server) -> None:
    url = SecretStr(make_conninfo(server.url.get_secret_value(), dbname="x" * 70))
    with pytest.raises(SwapRefused, match="longer than the 63 bytes"):
        swap(Server(url=url, owner_url=url), "other")


def test_a_wrong_password(server: Server) -> None:
    url = SecretStr(make_conninfo(server.url.get_secret_value(), password="wr0ng"))
    with pytest.raises(DatabaseUnreachable, match="password authentication failed") as raised:
        swap(Server(url=url, owner_url=url), "other")
    assert "wr0ng" not in str(raised.value)


@pytest.fixture(scope="module")
def logical() -> Iterator[Cluster]:
    """A PostgreSQL 18 that allows prepared transactions and logical replication."""
    root = Path(tempfile.mkdtemp(prefix="backout-pg-", dir="/tmp"))
    try:
        with EmbeddedPostgres(Home(root / "home").ensure()) as embedded:
            cluster = Cluster(18, embedded.sockets, PROGRAMS)
            with cluster.connect() as connection:
                connection.execute("ALTER SYSTEM SET max_prepared_transactions = 5")
                connection.execute("ALTER SYSTEM SET wal_level = logical")
            embedded.stop()
            embedded.start()
            yield cluster
    finally:
        shutil.rmtree(root)


def test_what_is_bound_to_the_database_itself(logical: Cluster, tmp_path: Path) -> None:
    with logical.connect() as connection:
        connection.execute("CREATE DATABASE shop")
    url = SecretStr(logical.url("shop"))
    server, programs = Server(url=url, owner_url=url), Programs(folder=logical.programs)
    beside = restore(server, programs, backed_up(server, programs, tmp_path)).database
    with logical.connect("shop") as connection:
        connection.execute("SELECT pg_create_logical_replication_slot('to_the_warehouse', 'pgoutput')")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO customers (email) VALUES ('half')")
        connection.execute("PREPARE TRANSACTION 'half a payment'")
        connection.execute(
            "CREATE SUBSCRIPTION prices CONNECTION 'dbname=prices' PUBLICATION prices WITH (connect = false)"
        )
    with pytest.raises(SwapRefused) as raised:
        swap(server, beside)
    said = str(raised.value)
    assert "prepared transaction half a payment of postgres is open in shop" in said
    assert "replication slot to_the_warehouse reads shop" in said
    assert "subscription prices writes into shop" in said
    assert customers(server) == 30
    with logical.connect("shop") as connection:
        connection.execute("ROLLBACK PREPARED 'half a payment'")
        connection.execute("SELECT pg_drop_replication_slot('to_the_warehouse')")
        connection.execute("ALTER SUBSCRIPTION prices SET (slot_name = NONE)")
        connection.execute("DROP SUBSCRIPTION prices")
    assert swap(server, beside).changed
