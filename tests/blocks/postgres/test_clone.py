"""Clones of a real database: never at the application's cost, and gone afterwards."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Literal

import psycopg
import pytest
from pydantic import SecretStr

from blocks.postgres.catalog import row_counts, schema_of
from blocks.postgres.clone import clone, sweep
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.errors import NotRehearsed
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.waiting import wait_until

CHECKOUT = Path(__file__).parents[3]
SHOP = """
CREATE TABLE users (id serial PRIMARY KEY, kind varchar(5) CHECK (kind IN ('a', 'b')));
COMMENT ON TABLE users IS 'who buys';
INSERT INTO users (kind) SELECT 'a' FROM generate_series(1, 1000);
"""
HOLD = """
import sys, time
from pydantic import SecretStr
from blocks.postgres.clone import clone
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
url = SecretStr(sys.stdin.readline().strip())
with clone(Server(url=url, owner_url=url), Programs()) as copy:
    print(copy.database, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def shop(server: Server) -> Server:
    with server.connected() as connection:
        connection.execute(SHOP)
    return server


def clones(server: Server) -> list[str]:
    with server.connected() as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE current_database() || '\\_\\_clone%'"
        )
        return [name for (name,) in found.fetchall()]


@pytest.mark.both_versions
@pytest.mark.parametrize("how", ["template", "dump"])
def test_a_clone_holds_all_and_goes(shop: Server, how: Literal["template", "dump"]) -> None:
    with clone(shop, Programs(), how) as copy:
        assert clones(shop) == [copy.database]
        with shop.connected(copy.database) as there, shop.connected() as here:
            assert row_counts(there) == row_counts(here) == {"public.users": 1000}
            assert schema_of(there).objects == schema_of(here).objects
            assert row_counts(copy.source) == {"public.users": 1000}
        assert copy.how == how
    assert clones(shop) == []


def test_an_unused_database_is_copied(shop: Server) -> None:
    with clone(shop, Programs()) as copy:
        assert copy.how == "template"


def test_a_database_in_use_is_dumped_and_its_sessions_stay(shop: Server) -> None:
    with shop.connected() as idle, shop.connected(autocommit=False) as busy:
        busy.execute("INSERT INTO users (kind) VALUES ('b')")
        with clone(shop, Programs()) as copy:
            assert copy.how == "dump"
            idle.execute("INSERT INTO users (kind) VALUES ('a')")
            with shop.connected(copy.database) as there:
                assert row_counts(there) == row_counts(copy.source) == {"public.users": 1000}
        busy.commit()
        assert row_counts(idle) == {"public.users": 1002}


def test_a_template_of_a_database_in_use_is_refused(shop: Server) -> None:
    with (
        shop.connected() as application,
        pytest.raises(NotRehearsed, match="being accessed by other users"),
        clone(shop, Programs(), "template"),
    ):
        pass
    assert application.closed
    assert clones(shop) == []


def test_two_clones_at_once_have_two_names(shop: Server) -> None:
    with clone(shop, Programs()) as one, clone(shop, Programs()) as other:
        assert sorted(clones(shop)) == sorted([one.database, other.database])
    assert clones(shop) == []


def test_a_clone_goes_also_when_its_block_fails(shop: Server) -> None:
    with pytest.raises(ZeroDivisionError), clone(shop, Programs()):
        _ = 1 / 0
    assert clones(shop) == []


@pytest.mark.both_versions
def test_the_clone_of_a_killed_run_is_swept_and_no_other(shop: Server) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(shop.url.get_secret_value() + "\n")
        child.stdin.flush()
        name = child.stdout.readline().strip()
        assert sweep(shop) == []
        assert clones(shop) == [name]
        child.send_signal(signal.SIGKILL)
    wait_until(lambda: bool(sweep(shop)), "the killed run's clone to be swept")
    assert clones(shop) == []
    with shop.connected() as connection:
        assert row_counts(connection) == {"public.users": 1000}


def test_databases_of_another_name_or_owner_are_not_swept(shop: Server, postgres: Cluster) -> None:
    ours, foreign = f"{shop.database}__clone_notatime", f"{shop.database}__clone_20250101t000000"
    with shop.connected() as connection, postgres.connect() as superuser:
        connection.execute(f"CREATE DATABASE {ours}".encode())
        superuser.execute(f"CREATE DATABASE {foreign}".encode())
        assert sweep(shop) == []
        assert sorted(clones(shop)) == sorted([ours, foreign])
        superuser.execute(f"DROP DATABASE {foreign}".encode())


def test_a_role_that_may_not_create_is_told(shop: Server, postgres: Cluster) -> None:
    with postgres.connect() as superuser:
        superuser.execute(f"ALTER ROLE {shop.database}_owner NOCREATEDB".encode())
    with pytest.raises(NotRehearsed, match="permission denied to create database"), clone(shop, Programs()):
        pass


def test_a_table_that_cannot_be_dumped_is_told(shop: Server, postgres: Cluster) -> None:
    with postgres.connect(shop.database) as superuser:
        superuser.execute("CREATE TABLE secret (id int)")
    with (
        pytest.raises(NotRehearsed, match="permission denied for table secret"),
        clone(shop, Programs(), "dump"),
    ):
        pass
    assert clones(shop) == []


def test_grants_by_somebody_else_do_not_stop_a_clone(shop: Server, postgres: Cluster) -> None:
    with postgres.connect(shop.database) as superuser:
        superuser.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO public")
    with clone(shop, Programs(), "dump") as copy, shop.connected(copy.database) as there:
        assert row_counts(there) == {"public.users": 1000}


def test_a_stranger_cannot_enter_the_clone(shop: Server, postgres: Cluster) -> None:
    with postgres.connect() as superuser:
        superuser.execute("CREATE ROLE stranger LOGIN PASSWORD 'pass'")
    try:
        with clone(shop, Programs()) as copy:
            url = SecretStr(postgres.url(copy.database, "stranger", "pass"))
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(url.get_secret_value())
    finally:
        with postgres.connect() as superuser:
            superuser.execute("DROP ROLE stranger")
