"""Rows that the database swapped out holds and the one in its place does not: counted, and exported.

Large objects and sequences are not looked at.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql
from pydantic import BaseModel

from blocks.files import PRIVATE, replace_file
from blocks.postgres.row_differences import Difference, Sides, differences
from blocks.postgres.server import Connection, Server
from blocks.postgres.table_shapes import Pair, Shape, pairs
from domain.database.swap import Written
from domain.errors import EvidenceNotKept

INDEX = "index.json"
PRIVATE_FOLDER = 0o700
ROWS_AT_ONCE = 1000

SAME_TEXT = """
    SELECT set_config(settings.name, wanted, true) FROM (VALUES
        ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'),
        ('row_security', 'off'), ('search_path', ''), ('datestyle', 'ISO, YMD'), ('timezone', 'UTC'),
        ('intervalstyle', 'postgres'), ('bytea_output', 'hex'), ('extra_float_digits', '1'), ('lc_monetary', 'C'),
        ('xmloption', 'content'), ('enable_sort', 'off'), ('jit', 'off')
    ) AS settings(name, wanted) JOIN pg_settings known ON lower(known.name) = settings.name
"""
"""The same row must read the same on both sides, and all rows must be seen. Sums need no order: without sorting they
take a third of the time."""

COPY = sql.SQL("COPY (SELECT * FROM ONLY {} WHERE ctid = ANY({}::tid[])) TO STDOUT (FORMAT csv, HEADER {})")


class Index(BaseModel):
    """What an export's folder says about itself: the two databases, and the tables that differ."""

    old: str
    new: str
    tables: list[Written]


def count(server: Server, old: str, new: str) -> list[Written]:
    """Count the rows that `old` holds and `new` does not hold in the same form, in each table that differs.

    Both are read in one snapshot each, taken at the beginning, while both are in use.

    Args:
        server: as the owner, who may read all tables.
        old: the database in use, or the one that was swapped out.
        new: what was restored; what is written to it before the snapshot can only make a row count that is no loss.

    Raises:
        DatabaseUnreachable: one of them does not answer.
        EvidenceNotKept: a table cannot be read.
    """
    with _sides(server, old, new) as sides, _told(f"database {old}"):
        written = [_counted(differences(sides, pair), pair.old.shown) for pair in pairs(sides.old, sides.new)]
    return [table for table in written if _differs(table)]


def export(server: Server, old: str, new: str, folder: Path) -> list[Written]:
    """As `count`, and write the rows to `folder`, one CSV a table, with all columns of `old`; and an index.

    Rows that only `new` has are counted. The files are closed to other users. A file of an earlier try is replaced.

    Raises:
        DatabaseUnreachable, EvidenceNotKept: what was written stays; without its index it is not whole.
    """
    with _sides(server, old, new) as sides, _told(str(folder)):
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        (folder / INDEX).unlink(missing_ok=True)
        written = [_exported(sides, pair, folder) for pair in pairs(sides.old, sides.new)]
        found = [table for table in written if _differs(table)]
        index = Index(old=old, new=new, tables=found)
        replace_file(folder / INDEX, index.model_dump_json(indent=2).encode() + b"\n")
    return found


@contextmanager
def _sides(server: Server, old: str, new: str) -> Iterator[Sides]:
    with ExitStack() as opened:
        sides = [opened.enter_context(server.connected(name, autocommit=False)) for name in (old, new)]
        for side in sides:
            side.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            side.read_only = True
            side.execute(SAME_TEXT)
        yield Sides(*sides)


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, OSError) as error:
        raise EvidenceNotKept(where=where, why=" ".join(str(error).split())) from error


def _counted(found: Iterator[Difference], table: str) -> Written:
    inserted = changed = deleted = 0
    for difference in found:
        inserted += len(difference.inserted)
        changed += len(difference.changed)
        deleted += difference.deleted
    return Written(table=table, inserted=inserted, changed=changed, deleted=deleted)


def _differs(table: Written) -> bool:
    return bool(table.inserted or table.changed or table.deleted)


def _exported(sides: Sides, pair: Pair, folder: Path) -> Written:
    """Write the rows as they are found; a table without any gets no file."""
    path = folder / f"{quote(pair.old.schema, safe='')}.{quote(pair.old.name, safe='')}.csv"
    path.unlink(missing_ok=True)
    file = _Csv(sides.old, pair.old, path)
    written = _counted(_kept(differences(sides, pair), file), pair.old.shown)
    return written.model_copy(update={"file": str(path) if file.begun else ""})


class _Csv:
    """One table's file, made with its first row."""

    def __init__(self, connection: Connection, shape: Shape, path: Path) -> None:
        self._connection = connection
        self._shape = shape
        self._path = path
        self._waiting: list[str] = []
        self.begun = False

    def add(self, places: list[str]) -> None:
        """Append the rows that lie there, some later than others; `flush` writes those that wait."""
        self._waiting += places
        if len(self._waiting) >= ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        places, self._waiting = self._waiting, []
        if not places:
            return
        query = COPY.format(self._shape.table, sql.Literal(places), sql.Literal(not self.begun))
        self._path.touch(mode=PRIVATE)
        self.begun = True
        with self._path.open("ab") as file, self._connection.cursor() as cursor, cursor.copy(query) as rows:
            for chunk in rows:
                file.write(chunk)


def _kept(found: Iterator[Difference], file: _Csv) -> Iterator[Difference]:
    for difference in found:
        file.add([*difference.inserted, *difference.changed])
        yield difference
    file.flush()
