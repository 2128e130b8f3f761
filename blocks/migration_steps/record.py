"""The table that says what is applied, read and written in the form it is found in.

`one_row`: golang-migrate's (`database/postgres`): one row, the newest version and whether it is dirty.
`rows`: dbmate's, Rails's, and what teams write themselves: one row a migration.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql

from blocks.migration_steps.files import Migration, MigrationFolder
from blocks.postgres.server import Connection
from domain.database.migration import by_number
from domain.errors import ConfigurationError

Form = Literal["none", "one_row", "rows"]

COLUMNS = """
SELECT namespace.nspname, class.relname, attribute.attname, type.typname, type.typcategory::text,
    attribute.attnotnull AND NOT attribute.atthasdef AND attribute.attidentity = ''
FROM pg_attribute attribute
JOIN pg_class class ON class.oid = attribute.attrelid
JOIN pg_namespace namespace ON namespace.oid = class.relnamespace
JOIN pg_type type ON type.oid = attribute.atttypid
WHERE class.oid = to_regclass(%s) AND attribute.attnum > 0 AND NOT attribute.attisdropped
"""
NAMED = ("name", "filename", "description", "title")
NUMBERS, TIMES, TEXTS, BOOLEANS = "N", "D", "S", "B"
"""Categories of types (manual, 53.64)."""

NOTHING = -1
"""Golang-migrate's version of an empty database."""

GOLANG_SALT = 1486364155


@dataclass(frozen=True)
class Column:
    """A column. `needed`: it takes no null and has no default."""

    name: str
    type: str
    category: str
    needed: bool


@dataclass(frozen=True)
class Record:
    """The record of one database at one moment.

    Attributes:
        table: schema and name; as configured where there is no table yet.
        written: the versions as they are written, oldest first.
        dirty: the version that golang-migrate marked; None where it did not.
    """

    form: Form
    table: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    written: tuple[str, ...] = ()
    dirty: str | None = None

    @property
    def identifier(self) -> sql.Identifier:
        """The table, to be put into a statement."""
        return sql.Identifier(*self.table)

    @property
    def name(self) -> str:
        """The table, for people."""
        return ".".join(self.table)

    def applied(self, folder: MigrationFolder) -> list[str]:
        """Versions that are applied, oldest first: the folder's spelling for those it knows."""
        if self.form != "one_row":
            return [_spelled(raw, folder) for raw in self.written]
        newest = max((int(raw) for raw in self.written), default=NOTHING)
        known = [migration.version for migration in folder.migrations if migration.number <= newest]
        unknown = [raw for raw in self.written if int(raw) != NOTHING and folder.find(raw) is None]
        return known + unknown


def read_record(connection: Connection, table: str) -> Record:
    """The record under a configured name, `table` or `schema.table`. Raises ConfigurationError: no column `version`."""
    wanted = tuple(table.split("."))
    found = connection.execute(COLUMNS, [sql.Identifier(*wanted).as_string(connection)]).fetchall()
    if not found:
        return Record("none", wanted)
    columns = tuple(Column(*row[2:]) for row in found)
    place = (found[0][0], found[0][1])
    names = {column.name for column in columns}
    if "version" not in names:
        raise _wrong(f"table {'.'.join(place)} has no column version")
    return (
        _read_one_row(connection, place, columns)
        if "dirty" in names
        else _read_rows(connection, place, columns)
    )


def _read_rows(connection: Connection, place: tuple[str, str], columns: tuple[Column, ...]) -> Record:
    query = sql.SQL("SELECT version::text FROM {} WHERE version IS NOT NULL").format(sql.Identifier(*place))
    written = sorted((raw for (raw,) in _rows(connection, query, place)), key=by_number)
    return Record("rows", place, columns, tuple(written))


def _read_one_row(connection: Connection, place: tuple[str, str], columns: tuple[Column, ...]) -> Record:
    query = sql.SQL("SELECT version::text, dirty FROM {}").format(sql.Identifier(*place))
    rows = _rows(connection, query, place)
    if len(rows) > 1:
        raise _wrong(f"table {'.'.join(place)} has {len(rows)} rows, and golang-migrate writes one")
    dirty = next((version for version, is_dirty in rows if is_dirty), None)
    return Record("one_row", place, columns, tuple(version for version, _dirty in rows), dirty)


def _rows(connection: Connection, query: sql.Composed, place: tuple[str, str]) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(query).fetchall()
    except psycopg.errors.InsufficientPrivilege:
        raise _wrong(f"the role of owner_url may not read table {'.'.join(place)}") from None


def create_record(connection: Connection, table: str, form: Form) -> Record:
    """Make the table where there is none, and read it."""
    columns = {
        "one_row": sql.SQL("version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL"),
        "rows": sql.SQL("version varchar(128) PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now()"),
    }
    name = sql.Identifier(*table.split("."))
    connection.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(name, columns[form]))
    return read_record(connection, table)


def write_newest(connection: Connection, record: Record, version: int, *, dirty: bool) -> None:
    """The one row of golang-migrate, which keeps none for a clean empty database."""
    connection.execute(sql.SQL("DELETE FROM {}").format(record.identifier))
    if version != NOTHING or dirty:
        insert = sql.SQL("INSERT INTO {} (version, dirty) VALUES (%s, %s)").format(record.identifier)
        connection.execute(insert, [version, dirty])


def remove_rows(connection: Connection, record: Record, written: Sequence[str]) -> None:
    """The rows of undone migrations, by what is written in them."""
    delete = sql.SQL("DELETE FROM {} WHERE version::text = ANY(%s)").format(record.identifier)
    connection.execute(delete, [list(written)])


def add_row(connection: Connection, record: Record, migration: Migration, folder: MigrationFolder) -> None:
    """A row like those that are there. Raises ConfigurationError: a needed column that nobody told us of."""
    values: dict[str, Any] = {"version": _like_the_others(record, migration, folder)}
    for column in record.columns:
        if column.name != "version":
            values |= _value(record, column, migration)
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        record.identifier,
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(
            sql.SQL("now()") if value is NOW else sql.Placeholder() for value in values.values()
        ),
    )
    connection.execute(insert, [value for value in values.values() if value is not NOW])


NOW = object()


def _value(record: Record, column: Column, migration: Migration) -> dict[str, Any]:
    if column.category == TIMES and column.needed:
        return {column.name: NOW}
    if column.category == TEXTS and column.name in NAMED:
        return {column.name: migration.name}
    if column.needed:
        raise _wrong(f"table {record.name}: nobody said what belongs into its column {column.name}")
    return {}


def _like_the_others(record: Record, migration: Migration, folder: MigrationFolder) -> str:
    """The version's spelling: padded or not, with the file's name or without, as the newest known row has it."""
    by_type = {column.name: column.category for column in record.columns}
    if by_type["version"] == NUMBERS:
        return str(migration.number)
    for raw in reversed(record.written):
        if (known := folder.find(raw)) is not None:
            return _spelled_like(raw, known, migration)
    return migration.version


def _spelled_like(raw: str, known: Migration, migration: Migration) -> str:
    if raw == known.version:
        return migration.version
    if raw.startswith(known.stem):
        return migration.stem + raw.removeprefix(known.stem)
    return str(migration.number)


def _spelled(raw: str, folder: MigrationFolder) -> str:
    known = folder.find(raw)
    return known.version if known else raw


def golang_key(connection: Connection, record: Record) -> int:
    """The lock that golang-migrate itself takes when it was given a URL (`database/util.go`)."""
    schema, table = record.table
    name = f"/{connection.info.dbname}\0{schema}\0{table}"
    return zlib.crc32(name.encode()) * GOLANG_SALT % 2**32


def _wrong(problem: str) -> ConfigurationError:
    return ConfigurationError("backout.yaml", "migrations.table", problem)
