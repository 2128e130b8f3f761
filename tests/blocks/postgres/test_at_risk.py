"""Rows that a way down loses, counted to the row on a real database."""

from pathlib import Path

import pytest

from blocks.postgres.programs import Programs
from blocks.postgres.rehearse import rehearse
from blocks.postgres.server import Server
from tests.blocks.postgres.steps import at_risk, rehearsed, story

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


ON_BOTH = ("a column with data", "values overwritten", "a table without a key")
"""What is found by the catalog, by the server's counters, and by rows."""


@pytest.mark.parametrize(
    "loss",
    [pytest.param(loss, marks=pytest.mark.both_versions if loss in ON_BOTH else ()) for loss in LOSSES],
)
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
