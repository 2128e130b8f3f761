"""The tables of a clone as they are stored, by which is seen what a migration's steps did to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.rows import class_row

from blocks.postgres.catalog import RECORDS, whole_names
from blocks.postgres.server import Connection

QUERY = """
SELECT c.oid::bigint, n.nspname AS schema, c.relname AS bare, format('%%I.%%I', n.nspname, c.relname) AS name,
    pg_relation_filenode(c.oid)::bigint AS file,
    pg_stat_get_tuples_updated(c.oid) AS updated, pg_stat_get_tuples_deleted(c.oid) AS deleted,
    ARRAY(SELECT jsonb_build_object('number', a.attnum, 'name', a.attname,
            'type', format_type(a.atttypid, a.atttypmod), 'derived', a.attgenerated <> '',
            'default', pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS described,
    coalesce((SELECT i.indkey::int2[] FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique
        AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnatts = i.indnkeyatts
        AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
            AND NOT a.attnotnull)
        ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1), '{}') AS key
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND c.relname <> ALL(%s)
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
"""


@dataclass(frozen=True)
class Column:
    """One column. `number`: its `attnum`, which a new name does not change. `derived`: computed from others."""

    number: int
    name: str
    type: str
    derived: bool
    default: str | None


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        file: number of its file; another one after it was rewritten or truncated.
        updated, deleted: rows, counted by the server since it was made; aborted ones too.
        key: numbers of the columns by which a row is known: the primary key, else a unique index without nulls.
    """

    oid: int
    schema: str
    bare: str
    name: str
    file: int
    updated: int
    deleted: int
    described: list[dict[str, Any]]
    key: list[int]

    @property
    def columns(self) -> list[Column]:
        """In their order."""
        return [Column(**described) for described in self.described]


Tables = Mapping[int, Table]


def tables_of(connection: Connection) -> Tables:
    """Ordinary tables and partitions by oid, without those in which migration tools keep their record."""
    with whole_names(connection), connection.cursor(row_factory=class_row(Table)) as cursor:
        return {table.oid: table for table in cursor.execute(QUERY, [list(RECORDS)]).fetchall()}
