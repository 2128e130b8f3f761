"""Real PostgreSQL 18 and 15, and a database a test on each."""

from collections.abc import Iterator
from itertools import count

import pytest
from psycopg import sql
from pydantic import SecretStr

from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from tests.blocks.postgres.cluster import DEBIANS, NAMED, Cluster, majors, running
from tests.blocks.postgres.shop import programs_of

NUMBERS = count(1)
PASSWORD = "an owner's pass:word\\ "
"""With what a PGPASSFILE must escape."""


@pytest.fixture(scope="session", params=majors())
def postgres(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A running cluster; the superuser's `url(database)`."""
    major: int = request.param
    if major == 15 and not (NAMED or DEBIANS.is_dir()):
        pytest.skip(f"PostgreSQL 15 is not installed: no {DEBIANS}")
    with running(major) as cluster:
        yield cluster


@pytest.fixture
def programs(postgres: Cluster) -> Programs:
    """The client programs of the cluster's own version."""
    return programs_of(postgres)


@pytest.fixture
def server(postgres: Cluster) -> Iterator[Server]:
    """A fresh database of an ordinary role with CREATEDB. Away afterwards, with all databases that role made."""
    name = f"shop{next(NUMBERS)}"
    role, database = sql.Identifier(f"{name}_owner"), sql.Identifier(name)
    with postgres.connect() as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, sql.Literal(PASSWORD))
        )
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
    url = SecretStr(postgres.url(name, f"{name}_owner", PASSWORD))
    yield Server(url=url, owner_url=url)
    _drop(postgres, f"{name}_owner")


def _drop(postgres: Cluster, role: str) -> None:
    with postgres.connect() as connection:
        owned = connection.execute(
            "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = %s", [role]
        ).fetchall()
        for (name,) in owned:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
