"""A real database's schema: what is a difference, and what only looks like one."""

import psycopg
import pytest

from blocks.postgres.catalog import row_counts, schema_of
from blocks.postgres.server import Connection, Server
from domain.database.schema import Differences, Schema, differences

pytestmark = pytest.mark.both_versions

SHOP = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN address AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE users (
    id serial PRIMARY KEY, email varchar(40) NOT NULL UNIQUE, mood mood DEFAULT 'glad',
    kind varchar(5) CHECK (kind IN ('a', 'b')), contact address
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE,
    cents int DEFAULT 0, euros numeric GENERATED ALWAYS AS (cents / 100.0) STORED
);
CREATE INDEX orders_of_a_user ON orders (user_id) WHERE cents > 0;
CREATE VIEW glad AS SELECT id, email FROM users WHERE mood = 'glad';
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER stamped BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stamp();
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON orders USING (user_id > 0);
CREATE TABLE schema_migrations (version text PRIMARY KEY, id serial);
"""


def changes(server: Server, statements: str) -> Differences:
    """What these statements change in the shop's schema."""
    with server.connected() as connection:
        connection.execute(SHOP)
        before = schema_of(connection)
        connection.execute(statements.encode())
        return differences(before, schema_of(connection))


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (
            "ALTER TABLE users ALTER contact TYPE text",
            "column public.users.contact is text, was public.address",
        ),
        ("ALTER TABLE orders ALTER cents SET DEFAULT 1", "column public.orders.cents: default is 1, was 0"),
        (
            "ALTER TABLE users ALTER email DROP NOT NULL",
            "column public.users.email: null is allowed, was not allowed",
        ),
        ("ALTER TABLE users DROP contact", "column public.users.contact is missing (public.address)"),
        (
            "DROP INDEX orders_of_a_user",
            "index on public.orders: btree (user_id) WHERE (cents > 0) is missing (named orders_of_a_user)",
        ),
        (
            "ALTER INDEX orders_of_a_user RENAME TO other",
            "index on public.orders: btree (user_id) WHERE (cents > 0) is named other, was named orders_of_a_user",
        ),
        (
            "ALTER TABLE users DROP CONSTRAINT users_email_key",
            "constraint on public.users: UNIQUE (email) is missing (a generated name)",
        ),
        ("CREATE OR REPLACE VIEW glad AS SELECT id, email FROM users", "view public.glad is "),
        (
            "CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 3 * n'",
            "function public.twice(n integer) is another one from line ",
        ),
        ("DROP TRIGGER stamped ON users", "trigger on public.users: stamped is missing"),
        (
            "ALTER TABLE users DISABLE TRIGGER stamped",
            "trigger on public.users: stamped is CREATE TRIGGER ",
        ),
        ("ALTER TYPE mood ADD VALUE 'mad'", "enum public.mood is 'sad', 'glad', 'mad', was 'sad', 'glad'"),
        (
            "ALTER POLICY own ON orders USING (true)",
            "policy on public.orders: own is permissive; for *; to public; using true, was ",
        ),
        ("ALTER TABLE orders DISABLE ROW LEVEL SECURITY", "table public.orders is empty, was row security"),
        (
            "GRANT SELECT ON users TO public",
            "table public.users: privileges of public is there and was not (SELECT)",
        ),
        ("CREATE TABLE extra (id int PRIMARY KEY)", "table public.extra is there and was not"),
        ("DROP TABLE orders", "table public.orders is missing (row security)"),
        ("ALTER SEQUENCE users_id_seq CYCLE", "sequence on public.users: of id is "),
    ],
)
def test_a_real_difference_is_told_once_in_words(server: Server, statements: str, told: str) -> None:
    (sentence,) = changes(server, statements).real
    assert sentence.startswith(told)


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ("COMMENT ON COLUMN users.email IS 'where we write'", "comment on table column public.users.email"),
        (
            "ALTER TABLE users RENAME CONSTRAINT users_email_key TO users_mail_key",
            "name of constraint on public.users",
        ),
        ("ALTER SEQUENCE users_id_seq RENAME TO numbers", "name of the sequence of public.users.id"),
        (
            (
                "ALTER TABLE orders DROP cents CASCADE;"
                "ALTER TABLE orders ADD cents int DEFAULT 0,"
                " ADD euros numeric GENERATED ALWAYS AS (cents / 100.0) STORED;"
                "CREATE INDEX orders_of_a_user ON orders (user_id) WHERE cents > 0"
            ),
            None,
        ),
        (
            (
                "ALTER TABLE users DROP mood CASCADE; ALTER TABLE users ADD mood mood DEFAULT 'glad';"
                "CREATE VIEW glad AS SELECT id, email FROM users WHERE mood = 'glad'"
            ),
            "order of columns in public.users",
        ),
        ("INSERT INTO schema_migrations VALUES ('1'); ALTER TABLE schema_migrations ADD dirty bool", None),
    ],
)
def test_what_changes_no_answer_is_cosmetic(server: Server, statements: str, told: str | None) -> None:
    seen = changes(server, statements)
    assert seen.real == []
    assert [sentence for sentence in seen.cosmetic if told and not sentence.startswith(told)] == []
    assert bool(seen.cosmetic) is (told is not None)


def test_the_same_check_twice_is_counted(server: Server) -> None:
    seen = changes(server, "ALTER TABLE orders ADD CHECK (cents > 0), ADD CHECK (cents > 0)")
    assert [sentence.partition(" is ")[0] for sentence in seen.real] == [
        "constraint on public.orders: CHECK ((cents > 0))",
        "constraint on public.orders: CHECK ((cents > 0)) #2",
    ]


def test_a_table_made_again_in_another_way_is_the_same(server: Server) -> None:
    seen = changes(
        server,
        "DROP TABLE orders; CREATE TABLE orders (cents int DEFAULT 0, user_id int,"
        " id bigint GENERATED ALWAYS AS IDENTITY, euros numeric GENERATED ALWAYS AS (cents / 100.0) STORED);"
        "ALTER TABLE orders ADD CONSTRAINT orders_pkey1 PRIMARY KEY (id), ENABLE ROW LEVEL SECURITY,"
        " ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;"
        "CREATE INDEX orders_of_a_user ON orders (user_id) WHERE cents > 0;"
        "CREATE POLICY own ON orders USING (user_id > 0)",
    )
    assert seen.real == []
    assert {sentence.partition(" is ")[0] for sentence in seen.cosmetic} == {
        "order of columns in public.orders",
        "name of constraint on public.orders: PRIMARY KEY (id)",
    }


def test_the_callers_search_path_and_transaction_are_left_alone(server: Server) -> None:
    with server.connected(autocommit=False) as connection:
        connection.execute("SET LOCAL search_path TO public, pg_temp")
        schema_of(connection)
        row_counts(connection)
        assert connection.execute("SHOW search_path").fetchone() == ("public, pg_temp",)


def test_rows_are_counted_in_the_callers_snapshot(server: Server) -> None:
    with server.connected() as writer, server.connected(autocommit=False) as reader:
        writer.execute(SHOP)
        writer.execute("INSERT INTO users (email) SELECT n::text FROM generate_series(1, 7) n")
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("SELECT 'from here on'")
        first = row_counts(reader)
        writer.execute("DELETE FROM users")
        assert row_counts(reader) == first
        assert first == {"public.orders": 0, "public.schema_migrations": 0, "public.users": 7}


def test_rows_that_a_policy_hides_are_not_passed_over(server: Server) -> None:
    with server.connected() as connection:
        connection.execute(SHOP)
        connection.execute("ALTER TABLE orders FORCE ROW LEVEL SECURITY")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            row_counts(connection)


def read(connection: Connection) -> Schema:
    connection.execute(SHOP)
    return schema_of(connection)


def test_a_schema_is_written_and_read_as_json(server: Server) -> None:
    with server.connected() as connection:
        schema = read(connection)
    again = Schema.model_validate_json(schema.model_dump_json())
    assert (again, again.digest()) == (schema, schema.digest())
