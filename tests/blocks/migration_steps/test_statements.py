"""Scripts are taken apart where PostgreSQL would, checked against what a real one runs in the adapter's tests."""

import pytest

from blocks.migration_steps.statements import statements

FUNCTION = """CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.note := 'a;b'; -- it's a comment; with a quote
  RETURN NEW;
END $body$"""
ATOMIC = """CREATE OR REPLACE FUNCTION g(n int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
  SELECT 1;
  SELECT CASE WHEN n > 1 THEN 2 ELSE 3 END;
END"""
RULE = "CREATE RULE r AS ON INSERT TO t DO (UPDATE u SET a = 1; UPDATE u SET b = 2)"


@pytest.mark.parametrize(
    "whole",
    [
        "SELECT ';'",
        "SELECT 'it''s; fine'",
        r"SELECT E'it\'s; fine'",
        r"SELECT 'back\'",
        'SELECT 1 AS "semi;colon"',
        "SELECT $$;$$",
        "SELECT $a$ $b$;$b$ ; $a$",
        "SELECT a$b$c FROM t",
        "SELECT /* ; /* ; */ ; */ 1",
        "SELECT 1 -- ;",
        "SELECT $1",
        FUNCTION,
        ATOMIC,
        RULE,
        "DO $$ BEGIN PERFORM 1; END $$",
    ],
)
def test_a_semicolon_inside_ends_nothing(whole: str) -> None:
    found = statements(f"{whole}\n;\nSELECT 2;")
    assert [statement.text for statement in found] == [whole, "SELECT 2"]


def test_lines_count_from_the_scripts_first() -> None:
    found = statements("-- a comment\n\nSELECT 1;\n/* another\none */ SELECT 2;\n")
    assert [(statement.text, statement.line) for statement in found] == [("SELECT 1", 3), ("SELECT 2", 5)]


@pytest.mark.parametrize("empty", ["", "  \n", "-- nothing;", "/* ; */", ";;\n;", "/* never closed ;"])
def test_comments_alone_are_no_statement(empty: str) -> None:
    assert statements(empty) == []


def test_a_case_after_begin_of_a_transaction_opens_no_block() -> None:
    assert len(statements("BEGIN; SELECT CASE WHEN true THEN 1 END; COMMIT;")) == 3


@pytest.mark.parametrize("torn", ["SELECT 'never closed; SELECT 2;", "SELECT $$ never; closed;"])
def test_what_is_never_closed_goes_to_the_end(torn: str) -> None:
    assert len(statements(torn)) == 1


def test_words_are_the_statements_own() -> None:
    (found,) = statements("create index /* CONCURRENTLY */ \"concurrently\" on t (lower('concurrently'))")
    assert found.words == ("CREATE", "INDEX", "ON", "T", "LOWER")
