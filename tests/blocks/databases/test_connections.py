"""What a role that may see nothing of others counts."""

import psycopg

from blocks.adapter import adapter_class
from blocks.databases.postgresql import Postgresql
from blocks.embedded_postgres import EmbeddedPostgres
from tests.blocks.databases.conftest import ALLOWED


def test_other_roles_connections_count_too(cluster: EmbeddedPostgres, database: str) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE ordinary LOGIN")
        settings = {"kind": "postgresql", "url": f"postgresql://ordinary@/shop?host={cluster.sockets}"}
        ordinary = adapter_class("databases", "postgresql").model_validate(settings)
        assert isinstance(ordinary, Postgresql)
        with psycopg.connect(database):
            _, connections = ordinary.observe()
        connection.execute("DROP ROLE ordinary")
    assert connections.value is not None
    assert connections.value >= 100 * 3 / ALLOWED
