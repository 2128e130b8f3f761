"""A restored database in the place of the one in use, while the application works."""

import csv
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from blocks.postgres.programs import Programs
from blocks.postgres.restore import restore
from blocks.postgres.server import Server
from blocks.postgres.swap import kept, swap, swap_back
from blocks.postgres.written_since import export
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.restoring import (
    Watcher,
    Writer,
    at_work,
    backed_up,
    customers,
    databases,
    written,
)

OUTAGE = (
    "not currently accepting connections",  # the doors are shut
    "terminating connection",  # sent away
    "does not exist",  # began to connect before the rename, and was let go on after it
    "server closed the connection",
)


@pytest.mark.both_versions
def test_under_a_live_writer_no_row_is_lost(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    backup = backed_up(server, programs, tmp_path / "backups")
    writer = Writer(server.url.get_secret_value())
    watcher = Watcher(postgres, server.database)
    with at_work(writer, watcher):
        writer.more()
        beside = restore(server, programs, backup).database
        writer.more()
        swapped = swap(server, beside)
        writer.more()
        export(server, swapped.kept, server.database, tmp_path / "export")
    with (tmp_path / "export" / "public.writes.csv").open(encoding="utf-8") as file:
        exported = {row["id"] for row in csv.DictReader(file)}
    before, after = written(server, swapped.kept), written(server)
    assert set(writer.acknowledged) <= before | after
    assert set(writer.acknowledged) & before <= exported
    assert len(set(writer.acknowledged) & before) >= 20
    assert len(set(writer.acknowledged) & after) >= 10
    assert [said for said in writer.outages if not any(words in said for words in OUTAGE)] == []
    assert watcher.looks > 20
    assert watcher.missing == 0


def test_swapping_back_under_a_live_writer_brings_the_old_rows_back(
    server: Server, programs: Programs, tmp_path: Path
) -> None:
    backup = backed_up(server, programs, tmp_path)
    writer = Writer(server.url.get_secret_value())
    with at_work(writer):
        writer.more()
        first = swap(server, restore(server, programs, backup).database)
        writer.more()
        second = swap_back(server, first.kept)
        writer.more()
    assert kept(server) == [second.kept]
    assert set(writer.acknowledged) <= written(server) | written(server, second.kept)
    assert len(written(server)) >= 20


def test_done_twice_it_is_done_once(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    beside = restore(server, programs, backed_up(server, programs, tmp_path)).database
    first = swap(server, beside)
    before = databases(postgres, server)
    again = swap(server, beside)
    assert (again.kept, again.changed, first.changed) == (first.kept, False, True)
    assert databases(postgres, server) == before


@pytest.mark.both_versions
def test_the_names_properties_stay_with_the_name(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    beside = restore(server, programs, backed_up(server, programs, tmp_path)).database
    role, name = sql.Identifier(f"{server.database}_owner"), sql.Identifier(server.database)
    with postgres.connect() as connection:
        for change in (
            "COMMENT ON DATABASE {name} IS 'the shop''s own'",
            "ALTER DATABASE {name} CONNECTION LIMIT 33",
            "REVOKE CONNECT ON DATABASE {name} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {name} TO pg_monitor WITH GRANT OPTION",
            "ALTER DATABASE {name} SET search_path = \"$user\", 'my schema', public",
            "ALTER DATABASE {name} SET work_mem = '7MB'",
            "ALTER DATABASE {name} SET default_transaction_read_only = off",
            "ALTER DATABASE {name} SET log_min_duration_statement = 5000",
            "ALTER ROLE {role} IN DATABASE {name} SET lock_timeout = '9s'",
        ):
            connection.execute(sql.SQL(change).format(name=name, role=role))
    wanted = properties(postgres, server.database)
    swapped = swap(server, beside)
    # Only a superuser may copy it: it is told, and not left out without a word.
    assert swapped.not_copied == ["log_min_duration_statement"]
    assert properties(postgres, server.database) == wanted - {"log_min_duration_statement=5000"}
    assert swap_back(server, swapped.kept).not_copied == []
    assert properties(postgres, server.database) == wanted


def properties(cluster: Cluster, database: str) -> set[str]:
    with cluster.connect() as connection:
        rows = connection.execute(
            """
            SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %(name)s
            UNION ALL SELECT 'limit ' || datconnlimit FROM pg_database WHERE datname = %(name)s
            UNION ALL SELECT a::text FROM pg_database, aclexplode(datacl) a WHERE datname = %(name)s
            UNION ALL SELECT nullif(setrole, 0)::regrole || s FROM pg_database d
                JOIN pg_db_role_setting ON setdatabase = d.oid, unnest(setconfig) s
                WHERE datname = %(name)s AND setrole <> 0
            UNION ALL SELECT s FROM pg_database d JOIN pg_db_role_setting ON setdatabase = d.oid, unnest(setconfig) s
                WHERE datname = %(name)s AND setrole = 0
            """,
            {"name": database},
        ).fetchall()
    return {str(row[0]) for row in rows}


def test_the_applications_own_role_ends_its_own_sessions(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    beside = restore(server, programs, backed_up(server, programs, tmp_path)).database
    role = f"{server.database}_app"
    with postgres.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'app'").format(sql.Identifier(role)))
    try:
        url = make_conninfo(server.url.get_secret_value(), user=role, password="app")
        with psycopg.connect(url, autocommit=True) as session:
            swap(Server(url=SecretStr(url), owner_url=server.owner_url), beside)
            with pytest.raises(psycopg.OperationalError):
                session.execute("SELECT 1")
    finally:
        with postgres.connect() as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_a_lost_database_is_replaced(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    backup = backed_up(server, programs, tmp_path)
    with postgres.connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(server.database)))
    beside = restore(server, programs, backup).database
    assert swap(server, beside).kept == ""
    assert swap(server, beside).changed is False
    assert customers(server) == 30


def test_names_as_long_as_names_may_be(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    name = "ü" * 31 + "x"
    with server.connected() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = SecretStr(make_conninfo(server.url.get_secret_value(), dbname=name))
    long = Server(url=url, owner_url=url)
    backup = backed_up(long, programs, tmp_path)
    swapped = swap(long, restore(long, programs, backup).database)
    assert len(swapped.kept.encode()) <= 63
    assert customers(long) == customers(long, swapped.kept) == 30
    assert databases(postgres, server).keys() == {server.database, name, swapped.kept}
