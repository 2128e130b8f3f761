"""Whether a restored database is what its backup says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from blocks.postgres.catalog import row_counts, schema_of
from blocks.postgres.server import Connection, Server
from domain.database.backup import Manifest

SHOWN = 5
SMOKE_TIMEOUT = "SET LOCAL statement_timeout = '60s'"


@dataclass(frozen=True)
class Inspection:
    """What was seen. `counts`: `schema.table` -> rows; `problems`: why it must not be used."""

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def inspect(server: Server, database: str, manifest: Manifest | None, smoke: Sequence[str]) -> Inspection:
    """Count its rows, compare schema and counts with the manifest, and ask the application's own queries.

    Raises DatabaseUnreachable, psycopg.Error.
    """
    with server.connected(database) as connection:
        counts = row_counts(connection)
        problems = [] if manifest is None else _differences(connection, counts, manifest)
        return Inspection(counts, [*problems, *_smoke(connection, smoke)])


def _differences(connection: Connection, counts: Mapping[str, int], manifest: Manifest) -> list[str]:
    tables = sorted(manifest.rows.keys() | counts.keys()) if manifest.rows else []
    wrong = [
        f"table {table} has {counts.get(table, 'none of its')} rows, the manifest says {manifest.rows.get(table, 'no such table')}"
        for table in tables
        if counts.get(table) != manifest.rows.get(table)
    ]
    problems = wrong[:SHOWN] + ([f"and {len(wrong) - SHOWN} tables more"] if len(wrong) > SHOWN else [])
    if manifest.fingerprint and schema_of(connection).digest() != manifest.fingerprint:
        problems.append("its schema is not the one that the manifest was written for")
    return problems


def _smoke(connection: Connection, queries: Sequence[str]) -> list[str]:
    return [said for query in queries if (said := _answer(connection, query))]


def _answer(connection: Connection, query: str) -> str:
    """What is wrong with the answer; empty where it has a row."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(SMOKE_TIMEOUT)
            cursor = connection.execute(query.encode())
            row = cursor.fetchone() if cursor.description else None
    except psycopg.Error as error:
        return f"smoke query `{query}`: {' '.join(str(error).split())}"
    return "" if row else f"smoke query `{query}` gave no row"
