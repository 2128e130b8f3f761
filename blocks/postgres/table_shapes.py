"""The tables of two databases, side by side: by which columns a row is known, and by which it is compared."""

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql
from psycopg.rows import class_row

from blocks.postgres.server import Connection

# `attmissingval` is what a column holds in rows that were there before it was added: nobody wrote that.
SHAPES: LiteralString = """
    SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS shown,
        greatest(c.reltuples, pg_relation_size(c.oid) / 200, 1)::bigint AS rows,
        (SELECT jsonb_object_agg(a.attname,
            CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END ORDER BY a.attnum)
         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
        (SELECT array_agg(a.attname::text ORDER BY k.position)
         FROM pg_constraint p, unnest(p.conkey) WITH ORDINALITY k(number, position), pg_attribute a
         WHERE p.conrelid = c.oid AND p.contype = 'p' AND a.attrelid = c.oid AND a.attnum = k.number) AS key
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND (has_table_privilege(c.oid, 'SELECT') OR NOT EXISTS (SELECT FROM pg_depend e
            WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'))
"""


@dataclass(frozen=True)
class Shape:
    """One table, or partition by itself.

    Attributes:
        shown: `schema.table`, quoted where it must be.
        rows: an estimate.
        columns: name -> what rows hold that were there before the column was; None: nothing.
        key: the primary key's columns; None where there is none.
    """

    schema: str
    name: str
    shown: str
    rows: int
    columns: dict[str, str | None] | None
    key: list[str] | None

    @property
    def table(self) -> sql.Identifier:
        """For a statement."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True)
class Pair:
    """A table of the old database, and the same in the new one.

    Attributes:
        new: None where the new one has no such table: then all rows are only in the old one.
    """

    old: Shape
    new: Shape | None

    @property
    def keyed(self) -> bool:
        """Whether both know a row by the same primary key; else rows are compared whole, each as often as it is there."""
        return bool(self.new and self.old.key and set(self.old.key) == set(self.new.key or ()))

    def key(self, *, of_old: bool) -> sql.Composable:
        """SQL: what a row is known by, as text; all of it where there is no key."""
        if not self.keyed:
            return self.row(of_old=of_old)
        return _row([sql.Identifier(name) for name in self.old.key or ()])

    def row(self, *, of_old: bool) -> sql.Composable:
        """SQL: all of a row that both sides can hold, as text; what only the old one has counts where it was written."""
        theirs = (self.new.columns if self.new else None) or {}
        return _row([_value(name, missing, name in theirs, of_old) for name, missing in self._columns()])

    def _columns(self) -> list[tuple[str, str | None]]:
        return sorted((self.old.columns or {}).items())


def pairs(old: Connection, new: Connection) -> list[Pair]:
    """The tables of the old database, largest first, each with its counterpart."""
    theirs = {(shape.schema, shape.name): shape for shape in _shapes(new)}
    ours = sorted(_shapes(old), key=lambda shape: (-shape.rows, shape.shown))
    return [Pair(shape, theirs.get((shape.schema, shape.name))) for shape in ours]


def _shapes(connection: Connection) -> list[Shape]:
    with connection.cursor(row_factory=class_row(Shape)) as cursor:
        return cursor.execute(SHAPES).fetchall()


def _row(values: list[sql.Composable]) -> sql.Composable:
    return sql.SQL('(ROW({})::text COLLATE "C")').format(sql.SQL(", ").join(values))


def _value(name: str, missing: str | None, in_both: bool, of_old: bool) -> sql.Composable:  # noqa: FBT001
    column = sql.Identifier(name)
    if in_both:
        return column
    if not of_old:
        return sql.SQL("NULL::text")
    return sql.SQL("nullif({}::text, {})").format(column, sql.Literal(missing))
