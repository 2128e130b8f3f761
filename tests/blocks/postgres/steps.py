"""Migrations for tests: pairs of SQL files in a folder, applied to a real database."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from blocks.migrations.sql_files import SqlFiles
from blocks.postgres.catalog import row_counts, schema_of
from blocks.postgres.programs import Programs
from blocks.postgres.rehearse import rehearse
from blocks.postgres.server import Server
from domain.database.rehearsal import Rehearsal
from domain.database.schema import Schema

FIRST = """
CREATE TABLE users (id serial PRIMARY KEY, email varchar(40) NOT NULL UNIQUE, note text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE, price numeric(8, 2));
CREATE TABLE visits (page text, seconds int);
INSERT INTO users (email, note) SELECT 'user' || n, CASE WHEN n % 4 = 0 THEN 'note ' || n END FROM generate_series(1, 100) n;
INSERT INTO orders SELECT n, n, n + CASE WHEN n % 10 = 0 THEN 0.5 ELSE 0 END FROM generate_series(1, 50) n;
INSERT INTO visits SELECT 'page' || n % 5, n FROM generate_series(1, 30) n;
"""


@dataclass(frozen=True)
class Story:
    """A database at version 2, whose way down to 1 is to be rehearsed. `recorded`: its schema at version 1."""

    server: Server
    migrations: SqlFiles
    recorded: Schema


def story(server: Server, folder: Path, up: str, down: str) -> Story:
    """Apply the first migration, record the schema, apply the second."""
    for name, text in (
        ("0001_shop.up.sql", FIRST),
        ("0001_shop.down.sql", "DROP TABLE visits, orders, users;"),
        ("0002_change.up.sql", up or "SELECT 1;"),
        ("0002_change.down.sql", down or "SELECT 1;"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    migrations = SqlFiles(folder=folder)
    migrations.up(server, "0001")
    with server.connected() as connection:
        recorded = schema_of(connection)
    migrations.up(server)
    return Story(server, migrations, recorded)


def rehearsed(told: Story, how: Literal["auto", "template", "dump"] = "auto") -> Rehearsal:
    """The rehearsal down to version 1; the database in use is the same before and after, and alone."""
    with told.server.connected() as connection:
        before = schema_of(connection), row_counts(connection)
    seen = rehearse(told.server, told.migrations, Programs(), to="0001", recorded=told.recorded, how=how)
    with told.server.connected() as connection:
        assert (schema_of(connection), row_counts(connection)) == before
        databases = "SELECT datname FROM pg_database WHERE datname LIKE current_database() || '%'"
        assert connection.execute(databases).fetchall() == [(told.server.database,)]
    return seen


def at_risk(seen: Rehearsal) -> list[tuple[str, str, int]]:
    return [(entry.table, entry.what, entry.rows) for entry in seen.rows_at_risk]
