"""What a database holds: its schema in canonical form, and how many rows each of its tables has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

from psycopg import sql

from blocks.postgres import catalog_queries as queries
from blocks.postgres.server import Connection
from domain.database.schema import Schema, canonical, is_generated

RECORDS = (
    "schema_migrations", "alembic_version", "_prisma_migrations", "knex_migrations", "knex_migrations_lock",
    "flyway_schema_history", "goose_db_version", "SequelizeMeta",
)  # fmt: skip
"""Tables in which migration tools note what is applied: no part of the application's schema."""

INDEX = re.compile(r'CREATE (UNIQUE )?INDEX (?:"(?:[^"]|"")+"|\S+) ON .*? USING (.*)', re.DOTALL)
WHOLE_NAMES = """
SELECT set_config('search_path', '', true), set_config('row_security', 'off', true), set_config('jit', 'off', true)
"""
GENERATED_NAME = "a generated name"


def schema_of(connection: Connection, ignore_tables: Sequence[str] = RECORDS) -> Schema:
    """The schema, in the connection's snapshot. Owners, operators, casts and publications are not looked at."""
    with whole_names(connection):
        plain = _plain(connection, ignore_tables)
        objects, cosmetic = plain["object"], plain["cosmetic"]
        objects |= _defaults(connection, ignore_tables)
        for what, query in (("constraint", queries.CONSTRAINTS), ("index", queries.INDEXES)):
            for key, name, generated in _named(_rows(connection, query, ignore_tables), what):
                objects[key] = GENERATED_NAME if generated else f"named {name}"
                cosmetic |= {f"name of {key}": name} if generated else {}
    return Schema(objects=objects, cosmetic=cosmetic)


def row_counts(connection: Connection) -> dict[str, int]:
    """`schema.table` -> exact count, in the connection's snapshot; partitions each by themselves.

    Raises psycopg's InsufficientPrivilege where a policy would hide rows from this role: a count of some is none.
    """
    with whole_names(connection):
        tables = _rows(connection, queries.TABLES_WITH_ROWS, ())
        return {name: _count(connection, schema, table) for schema, table, name in tables}


def _count(connection: Connection, schema: str, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, table))
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


@contextmanager
def whole_names(connection: Connection) -> Iterator[None]:
    """With an empty search path, which ends with the block, also inside the caller's transaction."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            "SELECT set_config('search_path', '', true), set_config('row_security', 'off', true)"
        )
        yield


def _rows(connection: Connection, query: LiteralString, ignored: Sequence[str]) -> list[tuple[Any, ...]]:
    return connection.execute(queries.COMMON + query, {"ignored": list(ignored)}).fetchall()


def _plain(connection: Connection, ignored: Sequence[str]) -> dict[str, dict[str, str]]:
    """All that is key and definition, in one statement: 20 of them take PostgreSQL three times as long."""
    found: dict[str, dict[str, str]] = {"object": {}, "cosmetic": {}}
    for group, key, definition in _rows(connection, queries.ALL, ignored):
        found[group][str(key)] = canonical(str(definition or ""))
    return found


def _defaults(connection: Connection, ignored: Sequence[str]) -> dict[str, str]:
    rows = _rows(connection, queries.DEFAULTS, ignored)
    return {key: own_sequence or canonical(expression) for key, own_sequence, expression in rows}


def _named(rows: Sequence[tuple[Any, ...]], what: str) -> Iterator[tuple[str, str, bool]]:
    """Key, name, and whether PostgreSQL made the name up. Twins are numbered: a table may have the same check twice."""
    seen: dict[str, int] = {}
    for table, bare_table, definition, name in sorted(rows):
        key = f"{what} on {table}: {_nameless(canonical(definition))}"
        seen[key] = seen.get(key, 0) + 1
        twin = f" #{seen[key]}" if seen[key] > 1 else ""
        yield f"{key}{twin}", name, is_generated(name, bare_table)


def _nameless(definition: str) -> str:
    """An index's definition without its name and its table's: `unique btree (email)`."""
    index = INDEX.fullmatch(definition)
    return f"{'unique ' if index[1] else ''}{index[2]}" if index else definition
