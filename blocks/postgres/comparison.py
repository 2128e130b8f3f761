"""One table before and after the steps, compared inside the clone: which rows are gone, which values are others.

The rows before are brought from the source as text, by COPY from database to database: only those that the steps
touched where the server tells which these are, else all of the table. A value is not lost while it can be read back:
`12.50` that became 12 is, and `12.00` that became 12 is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from blocks.postgres.server import Connection
from blocks.postgres.tables import Column, Table
from domain.database.rehearsal import RowsAtRisk

BESIDE = "backout_rehearsal"
FEW = 20_000
"""Rows up to which a list of keys is sent; more are brought faster with the whole table."""


@dataclass(frozen=True)
class Pair:
    """A column before and after."""

    was: Column
    now: Column

    @property
    def before(self) -> sql.Composable:
        """Its name in the table that holds the rows before."""
        return sql.SQL("b.{}").format(sql.Identifier(f"c{self.was.number}"))

    @property
    def lost(self) -> sql.Composable:
        """Whether a value was there, and cannot be read from what is there now."""
        return sql.SQL("({before} IS NOT NULL AND {after} IS DISTINCT FROM {before})").format(
            before=self.before, after=self.after
        )

    @property
    def after(self) -> sql.Composable:
        """What is there now, as the type it had, as text."""
        name = sql.Identifier(self.now.name)
        if self.now.type == self.was.type:
            return sql.SQL("a.{}::text").format(name)
        return sql.SQL("a.{}::{}::text").format(name, verbatim(self.was.type))

    @property
    def as_it_is(self) -> Pair:
        """The same, compared as plain text: for types that cannot be cast back."""
        return Pair(self.was, Column(self.now.number, self.now.name, self.was.type, self.now.derived, None))


class Comparison:
    """Compares the tables of one clone, one after the other."""

    def __init__(self, source: Connection, clone: Connection, began: int) -> None:
        self._source = source
        self._clone = clone
        self._began = began
        self._tables = 0

    def of(self, table: Table, then: Table, pairs: Sequence[Pair]) -> Iterator[RowsAtRisk]:
        """Rows that were deleted, and rows in which a value was lost."""
        kept = [pair for pair in pairs if not (pair.was.derived or pair.now.derived)]
        key = [pair for number in table.key for pair in kept if pair.was.number == number]
        if not key or len(key) < len(table.key):
            yield self._without_key(table, then, kept)
            return
        keys = self._touched_keys(table, then, key)
        if keys is not None and not keys and then.deleted == table.deleted:
            return
        beside = self._bring(table, kept, key, keys)
        matched, changed = self._changed(beside, then, kept, key)
        deleted = self._deleted(table, then, beside, matched, keys)
        yield RowsAtRisk(table=table.name, what="deleted rows", rows=deleted)
        rows, columns = changed
        if rows:
            words = f"values of column{'s' if len(columns) > 1 else ''} {', '.join(columns)}"
            yield RowsAtRisk(table=table.name, what=words, rows=rows)

    def _touched_keys(self, table: Table, then: Table, key: Sequence[Pair]) -> list[tuple[Any, ...]] | None:
        """Keys of the rows that the steps wrote; None where not every row can be told, or they are many."""
        if (then.oid, then.file) != (table.oid, table.file):
            return None
        query = sql.SQL("SELECT {} FROM ONLY {} AS a WHERE age(a.xmin) <= age({}::xid) LIMIT {}").format(
            sql.SQL(", ").join(pair.after for pair in key),
            sql.Identifier(then.schema, then.bare),
            sql.Literal(str(self._began)),
            sql.Literal(FEW + 1),
        )
        found = self._clone.execute(query).fetchall()
        return found if len(found) <= FEW else None

    def _bring(
        self,
        table: Table,
        kept: Sequence[Pair],
        key: Sequence[Pair],
        keys: list[tuple[Any, ...]] | None,
    ) -> sql.Identifier:
        """The rows before, as text, in a table of the clone; its name."""
        beside = self._make(kept)
        names = [sql.Identifier(pair.was.name) for pair in kept]
        query = sql.SQL("SELECT {} FROM ONLY {}").format(
            sql.SQL(", ").join(sql.SQL("{}::text").format(name) for name in names),
            sql.Identifier(table.schema, table.bare),
        )
        if keys is not None:
            query += sql.SQL(" WHERE ({}) IN (SELECT * FROM unnest({}))").format(
                sql.SQL(", ").join(sql.Identifier(pair.was.name) for pair in key), _arrays(key, keys)
            )
        self._copy(query, beside)
        return beside

    def _make(self, kept: Sequence[Pair]) -> sql.Identifier:
        self._tables += 1
        beside = sql.Identifier(BESIDE, f"before{self._tables}")
        self._clone.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(BESIDE)))
        columns = sql.SQL(", ").join(
            sql.SQL("{} text").format(sql.Identifier(f"c{pair.was.number}")) for pair in kept
        )
        self._clone.execute(sql.SQL("CREATE UNLOGGED TABLE {} ({})").format(beside, columns))
        return beside

    def _copy(self, query: sql.Composed, beside: sql.Identifier) -> None:
        out = sql.SQL("COPY ({}) TO STDOUT").format(query)
        into = sql.SQL("COPY {} FROM STDIN").format(beside)
        with (
            self._source.cursor() as reading,
            self._clone.cursor() as writing,
            reading.copy(out) as rows,
            writing.copy(into) as target,
        ):
            for block in rows:
                target.write(block)
        self._clone.execute(sql.SQL("ANALYZE {}").format(beside))

    def _changed(
        self, beside: sql.Identifier, then: Table, kept: Sequence[Pair], key: Sequence[Pair]
    ) -> tuple[int, tuple[int, list[str]]]:
        """Rows that are still there; of them, those that lost a value, and the columns they lost it in."""
        try:
            with self._clone.transaction():
                return self._joined(beside, then, kept, key)
        except (psycopg.DataError, psycopg.ProgrammingError):
            return self._joined(beside, then, [pair.as_it_is for pair in kept], key)

    def _joined(
        self, beside: sql.Identifier, then: Table, kept: Sequence[Pair], key: Sequence[Pair]
    ) -> tuple[int, tuple[int, list[str]]]:
        query = sql.SQL(
            "SELECT count(*), count(*) FILTER (WHERE {any}), {each} FROM {beside} AS b JOIN ONLY {table} AS a ON {same}"
        ).format(
            any=sql.SQL(" OR ").join(pair.lost for pair in kept),
            each=sql.SQL(", ").join(sql.SQL("count(*) FILTER (WHERE {})").format(pair.lost) for pair in kept),
            beside=beside,
            table=sql.Identifier(then.schema, then.bare),
            same=sql.SQL(" AND ").join(_same(pair) for pair in key),
        )
        matched, rows, *each = self._clone.execute(query).fetchone() or (0, 0)
        return matched, (rows, [pair.was.name for pair, lost in zip(kept, each, strict=True) if lost])

    def _deleted(
        self,
        table: Table,
        then: Table,
        beside: sql.Identifier,
        matched: int,
        keys: list[tuple[Any, ...]] | None,
    ) -> int:
        if keys is None:
            return _count(self._clone, sql.SQL("{}").format(beside)) - matched
        inserted = len(keys) - matched
        if then.deleted == table.deleted and not inserted:
            return 0
        were = _count(self._source, _only(table))
        return were - (_count(self._clone, _only(then)) - inserted)

    def _without_key(self, table: Table, then: Table, kept: Sequence[Pair]) -> RowsAtRisk:
        """Rows before that no row after is equal to, as often as they were there."""
        beside = self._bring(table, kept, [], None)
        try:
            with self._clone.transaction():
                rows = self._unequal(beside, then, kept)
        except (psycopg.DataError, psycopg.ProgrammingError):
            rows = self._unequal(beside, then, [pair.as_it_is for pair in kept])
        return RowsAtRisk(table=table.name, what="changed or deleted rows", rows=rows)

    def _unequal(self, beside: sql.Identifier, then: Table, kept: Sequence[Pair]) -> int:
        query = sql.SQL("(SELECT {} FROM {} AS b EXCEPT ALL SELECT {} FROM ONLY {} AS a) AS gone").format(
            sql.SQL(", ").join(pair.before for pair in kept),
            beside,
            sql.SQL(", ").join(pair.after for pair in kept),
            sql.Identifier(then.schema, then.bare),
        )
        return _count(self._clone, query)


def verbatim(text: str) -> sql.SQL:
    """SQL that PostgreSQL itself printed: a type, or a default from its catalog."""
    return sql.SQL(text)


def _same(pair: Pair) -> sql.Composable:
    """In the type it has now, so that an index is of use."""
    return sql.SQL("a.{} = {}::{}").format(
        sql.Identifier(pair.now.name), pair.before, verbatim(pair.now.type)
    )


def _arrays(key: Sequence[Pair], keys: Sequence[tuple[Any, ...]]) -> sql.Composable:
    columns = [[row[place] for row in keys] for place in range(len(key))]
    return sql.SQL(", ").join(
        sql.SQL("{}::{}[]").format(sql.Literal(values), verbatim(pair.was.type))
        for values, pair in zip(columns, key, strict=True)
    )


def _only(table: Table) -> sql.Composable:
    return sql.SQL("ONLY {}").format(sql.Identifier(table.schema, table.bare))


def _count(connection: Connection, what: sql.Composable) -> int:
    found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(what)).fetchone()
    return int(found[0]) if found else 0
