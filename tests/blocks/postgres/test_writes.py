"""Writes that are stopped for a while, and let in again."""

import os
import signal
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from blocks.postgres.marks import Stop
from blocks.postgres.programs import Programs
from blocks.postgres.restore import restore
from blocks.postgres.server import Server
from blocks.postgres.swap import swap
from blocks.postgres.writes import open_again, stopped_writes
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.restoring import Writer, at_work, backed_up, customers, databases
from tests.forked import exit_code

WRITE = "CREATE TABLE IF NOT EXISTS made (id int)"


def connect(server: Server) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server.url.get_secret_value(), autocommit=True)


def state(cluster: Cluster, database: str) -> tuple[object, ...]:
    """All that stopping touches."""
    with cluster.connect() as connection:
        row = connection.execute(
            """SELECT datconnlimit, datallowconn, shobj_description(oid, 'pg_database'),
                (SELECT array_agg(setconfig::text) FROM pg_db_role_setting WHERE setdatabase = d.oid)
            FROM pg_database d WHERE datname = %s""",
            [database],
        ).fetchone()
    return tuple(row or ())


def test_read_only_lets_readers_in_and_ends_who_could_write(server: Server) -> None:
    with connect(server) as before, stopped_writes(server, server.database, "read_only"):
        with pytest.raises(psycopg.OperationalError):
            before.execute(WRITE)
        with connect(server) as inside:
            assert inside.execute("SELECT 1").fetchone() == (1,)
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                inside.execute(WRITE)
    with connect(server) as after:
        after.execute(WRITE)


def test_who_came_while_it_was_read_only_is_not_left_read_only(server: Server) -> None:
    with stopped_writes(server, server.database, "read_only"):
        pooled = connect(server)
    with pooled, pytest.raises(psycopg.OperationalError):
        pooled.execute("SELECT 1")


@pytest.mark.parametrize("how", ["connection_limit", "no_connections"])
def test_nobody_is_let_in(postgres: Cluster, server: Server, how: Stop) -> None:
    with connect(server) as before, stopped_writes(server, server.database, how):
        with pytest.raises(psycopg.OperationalError):
            before.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match=r"too many connections|not currently accepting"):
            connect(server)
        if how == "connection_limit":
            postgres.connect(server.database).close()
    connect(server).close()


def interrupt(fails: bool) -> None:
    if fails:
        raise KeyboardInterrupt


@pytest.mark.parametrize("how", ["read_only", "connection_limit", "no_connections"])
@pytest.mark.parametrize("fails", [False, True])
def test_all_is_put_back(postgres: Cluster, server: Server, how: Stop, fails: bool) -> None:
    name = sql.Identifier(server.database)
    with server.connected() as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 7").format(name))
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS 'mine'").format(name))
        connection.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = off").format(name))
    before = state(postgres, server.database)
    ends = pytest.raises(KeyboardInterrupt) if fails else nullcontext()
    with ends, stopped_writes(server, server.database, how):
        assert state(postgres, server.database) != before
        interrupt(fails)
    assert state(postgres, server.database) == before


def die_inside(server: Server, how: Stop) -> None:
    with stopped_writes(server, server.database, how):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("read_only", marks=pytest.mark.both_versions),
        "connection_limit",
        "no_connections",
    ],
)
def test_what_a_killed_process_left_is_opened_again(postgres: Cluster, server: Server, how: Stop) -> None:
    before = state(postgres, server.database)
    exit_code(lambda: die_inside(server, how))
    assert state(postgres, server.database) != before
    assert open_again(server) == [server.database]
    assert state(postgres, server.database) == before
    assert open_again(server) == []
    with connect(server) as after:
        after.execute(WRITE)


def test_a_swap_inside_ends_with_both_open(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    beside = restore(server, programs, backed_up(server, programs, tmp_path)).database
    writer = Writer(server.url.get_secret_value())
    with at_work(writer):
        writer.more()
        with stopped_writes(server, server.database, "connection_limit"):
            swapped = swap(server, beside)
        writer.more()
    assert databases(postgres, server) == {server.database: True, swapped.kept: True}
    assert customers(server) == customers(server, swapped.kept) == 30
    assert state(postgres, server.database) == (-1, True, None, None)
