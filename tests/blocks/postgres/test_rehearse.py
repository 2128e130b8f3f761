"""Down steps rehearsed on a clone of a real database: where they land, what they lock, what they lose."""

from pathlib import Path
from typing import Literal

import pytest

from blocks.postgres.catalog import row_counts, schema_of
from blocks.postgres.programs import Programs
from blocks.postgres.rehearse import rehearse
from blocks.postgres.server import Server
from domain.database.rehearsal import Rehearsal
from domain.errors import NoDownStep
from tests.blocks.postgres.steps import Story, story

Way = Literal["template", "dump"]
WAYS: list[Way] = ["template", "dump"]


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


@pytest.mark.parametrize("how", WAYS)
def test_a_way_down_that_is_right(server: Server, tmp_path: Path, how: Way) -> None:
    up = "ALTER TABLE users ADD phone text; CREATE INDEX ON orders (user_id)"
    seen = rehearsed(
        story(server, tmp_path, up, "ALTER TABLE users DROP phone; DROP INDEX orders_user_id_idx"), how
    )
    assert seen.works
    assert seen.compared
    assert (seen.from_version, seen.to_version, seen.steps) == ("0002", "0001", ["0002"])
    assert seen.statements == ["ALTER TABLE users DROP phone; DROP INDEX orders_user_id_idx"]
    assert (at_risk(seen), seen.rows, seen.cosmetic) == ([], 0, [])


@pytest.mark.parametrize("how", WAYS)
def test_a_step_that_fails(server: Server, tmp_path: Path, how: Way) -> None:
    seen = rehearsed(story(server, tmp_path, "CREATE TABLE extra (id int)", "DROP TABLE extras"), how)
    assert not seen.works
    assert 'table "extras" does not exist' in seen.failed
    assert (seen.steps, seen.compared) == ([], False)


@pytest.mark.parametrize("how", WAYS)
def test_a_step_that_lands_elsewhere(server: Server, tmp_path: Path, how: Way) -> None:
    up = "ALTER TABLE users ALTER email TYPE text, ALTER note SET DEFAULT '-'; CREATE TABLE extra (id int PRIMARY KEY)"
    down = "ALTER TABLE users ALTER email TYPE varchar(50)"
    seen = rehearsed(story(server, tmp_path, up, down), how)
    assert not seen.works
    assert seen.differences == [
        "column public.users.email is character varying(50), was character varying(40)",
        "column public.users.note: default is there and was not ('-'::text)",
        "table public.extra is there and was not",
    ]


def test_a_column_that_comes_back_last_is_cosmetic(server: Server, tmp_path: Path) -> None:
    seen = rehearsed(story(server, tmp_path, "ALTER TABLE users DROP email", RESTORED_EMAIL))
    assert seen.works
    assert seen.cosmetic == [
        "order of columns in public.users is id, note, email, was id, email, note",
    ]


RESTORED_EMAIL = """
ALTER TABLE users ADD email varchar(40) UNIQUE;
UPDATE users SET email = 'user' || id;
ALTER TABLE users ALTER email SET NOT NULL;
"""


def test_nothing_to_compare_with_is_told(server: Server, tmp_path: Path) -> None:
    told = story(server, tmp_path, "CREATE TABLE extra (id int)", "")
    seen = rehearse(server, told.migrations, Programs(), to="0001", recorded=None)
    assert (seen.compared, seen.works, seen.differences) == (False, True, [])


def test_without_a_way_down_no_clone_is_made(server: Server, tmp_path: Path) -> None:
    told = story(server, tmp_path, "", "")
    (tmp_path / "0002_change.down.sql").unlink()
    with pytest.raises(NoDownStep):
        rehearse(server, told.migrations, Programs(), to="0001")


PHONES = """
ALTER TABLE users ADD phone text, ADD fax text, ADD rank int DEFAULT 5;
UPDATE users SET phone = id::text WHERE id <= 12; UPDATE users SET rank = 6 WHERE id IN (1, 2, 3);
"""
LOSSES: dict[str, tuple[str, str, list[tuple[str, str, int]]]] = {
    "a column with data": (
        PHONES,
        "ALTER TABLE users DROP phone, DROP rank",
        [("public.users", "columns phone, rank", 12)],
    ),
    "a column that holds its default": (
        PHONES,
        "ALTER TABLE users DROP rank",
        [("public.users", "column rank", 3)],
    ),
    "an empty column": (PHONES, "ALTER TABLE users DROP fax", []),
    "a column of json": (
        """ALTER TABLE users ADD j json DEFAULT '{}'; UPDATE users SET j = '{"a": 1}' WHERE id < 4""",
        "ALTER TABLE users DROP j",
        [("public.users", "column j", 3)],
    ),
    "a computed column": (
        "ALTER TABLE users ADD shout text GENERATED ALWAYS AS (upper(email)) STORED",
        "ALTER TABLE users DROP shout",
        [],
    ),
    "a table with rows": (
        "CREATE TABLE tags AS SELECT n FROM generate_series(1, 9) n; CREATE TABLE none (id int)",
        "DROP TABLE tags, none",
        [("public.tags", "the table", 9)],
    ),
    "a schema": (
        "CREATE SCHEMA extra; CREATE TABLE extra.a AS SELECT 1 AS n; CREATE TABLE extra.b AS SELECT 1 AS n",
        "DROP SCHEMA extra CASCADE",
        [("extra.a", "the table", 1), ("extra.b", "the table", 1)],
    ),
    "deleted rows, also by a foreign key": (
        "",
        "DELETE FROM users WHERE id <= 60",
        [("public.orders", "deleted rows", 50), ("public.users", "deleted rows", 60)],
    ),
    "rows deleted while others come": (
        "",
        "DELETE FROM orders WHERE id > 45; INSERT INTO orders VALUES (1001, 1, 1), (1002, 1, 1), (46, 1, 46)",
        [("public.orders", "deleted rows", 4), ("public.orders", "values of column user_id", 1)],
    ),
    "a truncated table": ("", "TRUNCATE orders", [("public.orders", "deleted rows", 50)]),
    "values overwritten": (
        "",
        "UPDATE users SET note = 'gone', email = 'mail' || id WHERE id <= 40",
        [("public.users", "values of columns email, note", 40)],
    ),
    "empty values filled": ("", "UPDATE users SET note = 'new' WHERE note IS NULL", []),
    "values written again as they are": ("", "UPDATE users SET note = note", []),
    "keys changed": (
        "",
        "UPDATE orders SET id = id + 1000 WHERE id <= 5",
        [("public.orders", "deleted rows", 5)],
    ),
    "a narrower number": (
        "ALTER TABLE orders ALTER price TYPE numeric(8, 2)",
        "ALTER TABLE orders ALTER price TYPE int",
        [("public.orders", "values of column price", 5)],
    ),
    "a narrower text": (
        "",
        "ALTER TABLE users ALTER note TYPE varchar(7) USING left(note, 7)",
        [("public.users", "values of column note", 1)],
    ),
    "a number as text": ("", "ALTER TABLE orders ALTER price TYPE text", []),
    "a text that no longer is a number": (
        "",
        "ALTER TABLE orders ALTER price TYPE text USING 'EUR ' || price",
        [("public.orders", "values of column price", 50)],
    ),
    "a rewrite that keeps all": ("", "ALTER TABLE orders ALTER id TYPE bigint", []),
    "a table without a key": (
        "",
        "DELETE FROM visits WHERE seconds <= 3; UPDATE visits SET page = 'x' WHERE seconds > 28",
        [("public.visits", "changed or deleted rows", 5)],
    ),
    "a renamed table and column": (
        "",
        "ALTER TABLE users RENAME note TO words; ALTER TABLE users RENAME TO people",
        [],
    ),
    "a table made again": (
        "",
        (
            "CREATE TABLE again AS SELECT id, user_id, price FROM orders WHERE id > 2; DROP TABLE orders;"
            "ALTER TABLE again RENAME TO orders"
        ),
        [("public.orders", "deleted rows", 2)],
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_rows_at_risk_are_exact(server: Server, tmp_path: Path, loss: str) -> None:
    up, down, expected = LOSSES[loss]
    seen = rehearsed(story(server, tmp_path, up, down))
    assert seen.failed == ""
    assert at_risk(seen) == expected


@pytest.mark.parametrize(
    "loss", ["values overwritten", "a narrower number", "rows deleted while others come"]
)
def test_rows_at_risk_are_exact_in_a_database_that_is_dumped(
    server: Server, tmp_path: Path, loss: str
) -> None:
    up, down, expected = LOSSES[loss]
    assert at_risk(rehearsed(story(server, tmp_path, up, down), "dump")) == expected


def test_rows_written_meanwhile_are_not_taken_for_lost(server: Server, tmp_path: Path) -> None:
    told = story(server, tmp_path, "", "UPDATE orders SET price = 0 WHERE id = 1")
    with server.connected() as application:

        def write(_: object) -> None:
            application.execute("DELETE FROM orders WHERE id > 40")

        seen = rehearse(server, told.migrations, Programs(), to="0001", how="dump", progress=write)
    assert at_risk(seen) == [("public.orders", "values of column price", 1)]


LOCKS: dict[str, tuple[str, list[tuple[str, str, str]] | None]] = {
    "a changed column": (
        "ALTER TABLE users ALTER note SET DEFAULT ''",
        [("public.users", "AccessExclusiveLock", "reading and writing")],
    ),
    "an index": ("CREATE INDEX ON orders (user_id)", [("public.orders", "ShareLock", "writing")]),
    "an index beside the writing": (
        "CREATE INDEX CONCURRENTLY ON orders (user_id)",
        [("public.orders", "ShareUpdateExclusiveLock", "nothing but changes of the schema")],
    ),
    "an index dropped beside the writing": (
        "CREATE INDEX i ON visits (page); DROP INDEX CONCURRENTLY i",
        [("public.visits", "ShareLock", "writing")],
    ),
    "rows, then the column": (
        "UPDATE users SET note = ''; ALTER TABLE users DROP note",
        [("public.users", "AccessExclusiveLock", "reading and writing")],
    ),
    "several tables": (
        "DELETE FROM visits; ALTER TABLE orders DROP price; DROP INDEX IF EXISTS none",
        [
            ("public.orders", "AccessExclusiveLock", "reading and writing"),
            ("public.visits", "RowExclusiveLock", "nothing but changes of the schema"),
        ],
    ),
    "a dropped table": (
        "DROP TABLE visits",
        [("public.visits", "AccessExclusiveLock", "reading and writing")],
    ),
    "a step that does not wait": ("LOCK TABLE visits IN EXCLUSIVE MODE NOWAIT; SELECT pg_sleep(0.3)", None),
}


@pytest.mark.parametrize("step", LOCKS)
def test_locks_are_seen(server: Server, tmp_path: Path, step: str) -> None:
    down, expected = LOCKS[step]
    seen = rehearsed(story(server, tmp_path, "", down))
    assert seen.failed == ""
    if expected is not None:
        assert [(lock.table, lock.mode, lock.blocks) for lock in seen.locks] == expected


def test_a_database_setting_holds_on_the_clone_too(server: Server, tmp_path: Path) -> None:
    told = story(server, tmp_path, "CREATE SCHEMA app; CREATE TABLE app.things (id int)", "DROP TABLE things")
    with server.connected() as connection:
        connection.execute(f'ALTER DATABASE "{server.database}" SET search_path TO app, public'.encode())
    assert rehearsed(told).failed == ""
