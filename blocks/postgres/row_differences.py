"""Which rows of one table differ between two databases of a server, without holding a table in memory.

Both sides add up a hash of each row in buckets by the row's key. Only where two buckets differ their rows are read,
in the order of the key. Two different rows are taken for the same one in 2^64 cases.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from psycopg import sql

from blocks.postgres.server import Connection
from blocks.postgres.table_shapes import Pair, Shape

ROWS_A_BUCKET = 500
MOST_BUCKETS = 65536
FETCHED = 5000

SUMS = sql.SQL("""
    SELECT bucket, count(*), sum(hash) FROM (
        SELECT hashtextextended({key}, 0) & {mask} AS bucket, hashtextextended({row}, 1) AS hash FROM ONLY {table}
    ) hashed GROUP BY bucket
""")

ROWS = sql.SQL("""
    SELECT bucket, key, hashtextextended(row_text, 1), place FROM (
        SELECT hashtextextended({key}, 0) & {mask} AS bucket, {identity} AS key, {row} AS row_text, ctid::text AS place
        FROM ONLY {table}
    ) hashed WHERE {all} OR bucket = ANY({buckets}::bigint[]) ORDER BY bucket, key
""")

Row = tuple[int, str, int, str]
"""Bucket, key, hash, and where the row lies (`ctid`), which stays so within a snapshot."""


@dataclass(frozen=True)
class Difference:
    """Some rows that differ: places in the old database of those inserted and changed there, and how many are not."""

    inserted: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: int = 0


@dataclass(frozen=True)
class Sides:
    """The two databases, each in one snapshot."""

    old: Connection
    new: Connection

    def at_once(self, look: Callable[[Connection], Any]) -> tuple[Any, Any]:
        """Ask both at the same time."""
        with ThreadPoolExecutor(1) as other:
            theirs = other.submit(look, self.new)
            return look(self.old), theirs.result()


def differences(sides: Sides, pair: Pair) -> Iterator[Difference]:
    """Bucket by bucket; none where the table is the same in both."""
    if pair.new is None:
        yield from _all_rows(sides.old, pair.old)
        return
    mask = _mask(max(pair.old.rows, pair.new.rows))
    old, new = sides.at_once(lambda side: _sums(side, pair, mask, of_old=side is sides.old))
    buckets = sorted(bucket for bucket in old.keys() | new.keys() if old.get(bucket) != new.get(bucket))
    if buckets:
        wanted = (mask, buckets, len(buckets) > mask)
        yield from _merged(
            _rows(sides.old, pair, wanted, of_old=True), _rows(sides.new, pair, wanted, of_old=False)
        )


def _mask(rows: int) -> int:
    """Buckets less one; their number is a power of two."""
    wanted = min(rows // ROWS_A_BUCKET + 1, MOST_BUCKETS)
    return int((1 << (wanted - 1).bit_length()) - 1)


def _sums(connection: Connection, pair: Pair, mask: int, *, of_old: bool) -> dict[int, tuple[int, Any]]:
    query = SUMS.format(
        key=pair.key(of_old=of_old), row=pair.row(of_old=of_old), mask=sql.Literal(mask), table=pair.old.table
    )
    return {bucket: (count, total) for bucket, count, total in connection.execute(query).fetchall()}


def _rows(
    connection: Connection, pair: Pair, wanted: tuple[int, list[int], bool], *, of_old: bool
) -> Iterator[Row]:
    mask, buckets, whole = wanted
    key = pair.key(of_old=of_old)
    # A row without a key is known by two hashes of all of it: the rows themselves may be large.
    digest = sql.SQL("(hashtextextended({key}, 1)::text || hashtextextended({key}, 2)::text)").format(key=key)
    query = ROWS.format(
        key=key,
        identity=key if pair.keyed else digest,
        row=pair.row(of_old=of_old),
        mask=sql.Literal(mask),
        table=pair.old.table,
        all=sql.Literal(whole),
        buckets=sql.Literal([] if whole else buckets),
    )
    with connection.cursor("rows") as cursor:
        cursor.itersize = FETCHED
        yield from cursor.execute(query)


def _merged(old: Iterator[Row], new: Iterator[Row]) -> Iterator[Difference]:
    """Both come in the order of their buckets."""
    theirs = groupby(new, itemgetter(0))
    their_bucket, their_rows = _next(theirs)
    for bucket, rows in groupby(old, itemgetter(0)):
        while their_bucket is not None and their_bucket < bucket:
            yield _compared([], their_rows)
            their_bucket, their_rows = _next(theirs)
        if their_bucket == bucket:
            yield _compared(list(rows), their_rows)
            their_bucket, their_rows = _next(theirs)
        else:
            yield _compared(list(rows), [])
    while their_bucket is not None:
        yield _compared([], their_rows)
        their_bucket, their_rows = _next(theirs)


def _next(groups: Iterator[tuple[int, Iterator[Row]]]) -> tuple[int | None, list[Row]]:
    found = next(groups, None)
    return (None, []) if found is None else (found[0], list(found[1]))


def _compared(old: list[Row], new: list[Row]) -> Difference:
    """One bucket. Rows with one key are paired as they come: there are several only where all of the row is the key."""
    there: dict[str, list[int]] = {}
    for _, key, hashed, _ in new:
        there.setdefault(key, []).append(hashed)
    difference = Difference()
    for _, key, hashed, place in old:
        if not there.get(key):
            difference.inserted.append(place)
        elif there[key].pop() != hashed:
            difference.changed.append(place)
    return Difference(difference.inserted, difference.changed, sum(map(len, there.values())))


def _all_rows(connection: Connection, shape: Shape) -> Iterator[Difference]:
    with connection.cursor("rows") as cursor:
        cursor.itersize = FETCHED
        cursor.execute(sql.SQL("SELECT ctid::text FROM ONLY {}").format(shape.table))
        while found := cursor.fetchmany(FETCHED):
            yield Difference(inserted=[place for (place,) in found])
