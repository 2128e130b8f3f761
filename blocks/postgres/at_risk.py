"""Rows that exist only in what the steps dropped, deleted or changed: found by looking, exact to the row.

Only what a step touched is read again: dropped tables and columns, files that were rewritten, and tables whose
counters of updates and deletions moved. The data before the steps is read from the clone's source, in its snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from blocks.postgres.comparison import Comparison, Pair, verbatim
from blocks.postgres.server import Connection
from blocks.postgres.tables import Column, Table, Tables
from domain.database.rehearsal import RowsAtRisk

CONSTANT = re.compile(r"('(?:[^']|'')*'|-?\d+(\.\d+)?|true|false)(::.+)?")
"""Defaults that are the same for every row. Another one is not computed again: it would give another value."""

SAME_TEXT = (
    "SELECT set_config('search_path', '', {local}), set_config('row_security', 'off', {local}),"
    " set_config('timezone', 'UTC', {local}), set_config('datestyle', 'ISO', {local}),"
    " set_config('intervalstyle', 'postgres', {local}), set_config('extra_float_digits', '1', {local}),"
    " set_config('bytea_output', 'hex', {local}), set_config('statement_timeout', '0', {local}),"
    " set_config('lock_timeout', '10s', {local})"
)
"""A value has one text in both databases, whatever their settings are."""


@dataclass(frozen=True)
class Steps:
    """What the steps found, and what they left.

    Attributes:
        began: the clone's transaction number before them.
        counted: whether the server's counters tell which rows they touched.
    """

    before: Tables
    after: Tables
    began: int
    counted: bool


def rows_at_risk(source: Connection, clone: Connection, steps: Steps) -> list[RowsAtRisk]:
    """What the steps lose, by table. Raises psycopg.Error.

    Args:
        source: a transaction in the application's database, as the clone was made from it.
        clone: the clone after the steps; a schema for the comparison is made in it.
        steps: what is known about its tables.
    """
    for connection in (source, clone):
        connection.execute(sql.SQL(SAME_TEXT).format(local=sql.Literal(connection is source)))
    comparison = Comparison(source, clone, steps.began)
    by_name = {table.name: table for table in steps.after.values()}
    found: list[RowsAtRisk] = []
    for table in sorted(steps.before.values(), key=lambda one: one.name):
        then = steps.after.get(table.oid) or by_name.get(table.name)
        found += _of_table(source, comparison, steps, table, then)
    return [entry for entry in found if entry.rows]


def _of_table(
    source: Connection, comparison: Comparison, steps: Steps, table: Table, then: Table | None
) -> Iterator[RowsAtRisk]:
    if then is None:
        yield RowsAtRisk(table=table.name, what="the table", rows=_count(source, table))
        return
    pairs, lost = _paired(table, then)
    if lost:
        words = f"column{'s' if len(lost) > 1 else ''} {', '.join(column.name for column in lost)}"
        yield RowsAtRisk(table=table.name, what=words, rows=_count(source, table, lost))
    if _touched(table, then, counted=steps.counted):
        yield from comparison.of(table, then, pairs)


def _paired(table: Table, then: Table) -> tuple[list[Pair], list[Column]]:
    """Columns that are there before and after, also under a new name; and those that are gone. Derived ones hold nothing."""
    same_table = table.oid == then.oid
    by_number = {column.number: column for column in then.columns} if same_table else {}
    by_name = {column.name: column for column in then.columns}
    pairs: list[Pair] = []
    lost: list[Column] = []
    for column in table.columns:
        partner = by_number.get(column.number) or by_name.get(column.name)
        if partner is not None:
            pairs.append(Pair(column, partner))
        elif not column.derived:
            lost.append(column)
    return pairs, lost


def _touched(table: Table, then: Table, *, counted: bool) -> bool:
    moved = (then.updated, then.deleted) != (table.updated, table.deleted)
    return moved or not counted or then.oid != table.oid or then.file != table.file


def _count(source: Connection, table: Table, holding: list[Column] | None = None) -> int:
    """Rows of the table; of these columns: rows in which one of them holds something other than its default."""
    query = sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(table.schema, table.bare))
    if holding:
        query += sql.SQL(" WHERE {}").format(sql.SQL(" OR ").join(_holds(column) for column in holding))
    found = source.execute(query).fetchone()
    return int(found[0]) if found else 0


def _holds(column: Column) -> sql.Composable:
    there = sql.SQL("{} IS NOT NULL").format(sql.Identifier(column.name))
    if column.default is None or not CONSTANT.fullmatch(column.default):
        return there
    # As text: a type such as json cannot be compared.
    other = sql.SQL("{}::text IS DISTINCT FROM ({})::{}::text").format(
        sql.Identifier(column.name), verbatim(column.default), verbatim(column.type)
    )
    return sql.SQL("({} AND {})").format(there, other)
