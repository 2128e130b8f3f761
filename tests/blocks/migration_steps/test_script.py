"""Which scripts are one transaction."""

import pytest

from blocks.migration_steps.script import Script


def script(text: str) -> Script:
    return Script(text, "001_a.up.sql")


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (id int); INSERT INTO t VALUES (1);",
        "BEGIN; CREATE TABLE t (id int); COMMIT;",
        "START TRANSACTION ISOLATION LEVEL SERIALIZABLE; DROP TABLE t; END;",
        "SET client_min_messages = warning;\nbegin;\nDROP TABLE t;\ncommit;",
        "SAVEPOINT a; DROP TABLE t; ROLLBACK TO SAVEPOINT a; RELEASE a;",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v;",
        "COMMENT ON TABLE t IS 'indexes are made CONCURRENTLY';",
        "-- not: backout: no-transaction\nDROP TABLE t;",
        "",
    ],
)
def test_one_transaction(text: str) -> None:
    assert script(text).transactional


@pytest.mark.parametrize(
    "text",
    [
        "CREATE INDEX CONCURRENTLY i ON t (a);",
        "CREATE UNIQUE INDEX concurrently i ON t (a);",
        "DROP INDEX CONCURRENTLY i;",
        "REINDEX TABLE CONCURRENTLY t;",
        "ALTER TABLE t DETACH PARTITION p CONCURRENTLY;",
        "VACUUM t;",
        "-- backout: no-transaction\nDROP TABLE t;",
        "-- of team 3\n--backout:no-transaction\nDROP TABLE t;",
        "BEGIN; DROP TABLE t; COMMIT; BEGIN; DROP TABLE u; COMMIT;",
        "BEGIN; DROP TABLE t; COMMIT; DROP TABLE u;",
        "DROP TABLE u; BEGIN; DROP TABLE t; COMMIT;",
        "BEGIN; DROP TABLE t; ROLLBACK;",
        "BEGIN; DROP TABLE t;",
        "DROP TABLE t; COMMIT; DROP TABLE u;",
        "BEGIN; DROP TABLE t; COMMIT AND CHAIN;",
    ],
)
def test_not_one_transaction(text: str) -> None:
    assert not script(text).transactional


def test_a_files_own_transaction_becomes_ours() -> None:
    found = script("SET a.b = 1; BEGIN ISOLATION LEVEL SERIALIZABLE; DROP TABLE t; COMMIT;")
    assert found.opening == "BEGIN ISOLATION LEVEL SERIALIZABLE"
    assert [statement.text for statement in found.body] == ["SET a.b = 1", "DROP TABLE t"]


def test_passwords_are_not_shown() -> None:
    found = script("ALTER ROLE shop PASSWORD 'it''s hunter2'; SELECT 1;")
    assert found.shown == "ALTER ROLE shop PASSWORD '***'; SELECT 1;"
