"""The schema's version as a tool records it that has no `schema_migrations`."""

import psycopg

from tests.blocks.databases.test_postgresql import postgresql


def test_the_version_of_a_tool_with_a_record_of_its_own(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE _prisma_migrations (migration_name text, finished_at timestamptz)")
        connection.execute(
            "INSERT INTO _prisma_migrations VALUES ('2024_b', now()), ('2023_a', now()), ('2025_c', NULL)"
        )
    query = "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL"
    told = postgresql(database, migrations={"kind": "command", "applied_query": query})
    assert told.schema_version() == "2024_b"
