"""The tests' own clusters are what the tests believe them to be."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from blocks.postgres.server import Server
from tests.blocks.postgres.cluster import Cluster

pytestmark = pytest.mark.both_versions


def test_the_owner_is_an_ordinary_role(server: Server, postgres: Cluster) -> None:
    with server.connected() as connection:
        row = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = user").fetchone()
    assert row == (False, True)
    assert server.version() // 10000 == postgres.major


def test_a_wrong_password_is_refused(server: Server) -> None:
    wrong = make_conninfo(server.owner_url.get_secret_value(), password="wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
