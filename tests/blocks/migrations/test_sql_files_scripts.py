"""`sql_files` and what scripts do: transactions of their own, indexes made concurrently, settings left behind."""

from pathlib import Path
from typing import Any, LiteralString

import pytest

from blocks.migrations.contract import Migrations
from blocks.postgres.server import Server
from domain.errors import SchemaDirty, StepFailed
from tests.blocks.migrations.contract import migrations
from tests.blocks.migrations.test_sql_files_records import rows, run

INDEXES: LiteralString = (
    "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = to_regclass('users')"
    " AND NOT indisprimary ORDER BY 1"
)
FUNCTION = """
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.email := lower(NEW.email); -- it's done; really
  RETURN NEW;
END;
$body$;
CREATE TRIGGER stamp BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION stamp();
INSERT INTO users VALUES (1, 'A;B');
"""


def shop(folder: Path, up: str, down: str, **more: Any) -> Migrations:
    """Version 2 beside a first one that makes the table."""
    files = {
        "1_users.up.sql": "CREATE TABLE users (id int PRIMARY KEY, email text)",
        "1_users.down.sql": "DROP TABLE users",
        "2_change.up.sql": up,
        "2_change.down.sql": down,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return migrations({"kind": "sql_files", "folder": str(folder), **more})


def test_functions_and_many_statements(server: Server, tmp_path: Path) -> None:
    adapter = shop(
        tmp_path, FUNCTION, "DROP TRIGGER stamp ON users; DROP FUNCTION stamp(); DELETE FROM users;"
    )
    adapter.up(server)
    assert rows(server, "SELECT email FROM users") == [("a;b",)]
    assert adapter.down(server, "1") == ["2"]
    assert rows(server, "SELECT count(*) FROM users") == [(0,)]


def test_a_files_own_transaction_is_one_with_the_record(server: Server, tmp_path: Path) -> None:
    down = "BEGIN;\nDELETE FROM users;\nSELECT no_such_function();\nCOMMIT;\n"
    adapter = shop(tmp_path, "BEGIN; INSERT INTO users VALUES (1, 'a'); COMMIT;", down)
    adapter.up(server)
    with pytest.raises(StepFailed) as failed:
        adapter.down(server, "1")
    assert f"{tmp_path}/2_change.down.sql line 3: SELECT no_such_function(): " in failed.value.why
    assert failed.value.left == "nothing of it is left; applied now: 1, 2"
    assert rows(server, "SELECT count(*) FROM users") == [(1,)]
    assert adapter.status(server).dirty is None


def test_what_a_constraint_says_at_the_commit_leaves_nothing(server: Server, tmp_path: Path) -> None:
    up = "ALTER TABLE users ADD UNIQUE (email) DEFERRABLE INITIALLY DEFERRED; INSERT INTO users VALUES (1, 'a'), (2, 'a')"
    adapter = shop(tmp_path, up, "SELECT 1")
    with pytest.raises(StepFailed, match="duplicate key") as failed:
        adapter.up(server)
    assert "a)" not in failed.value.why
    assert rows(server, "SELECT count(*) FROM users") == [(0,)]
    assert adapter.status(server).applied == ["1"]


def test_what_a_script_sets_is_not_for_the_next(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "SELECT set_config('search_path', '', false)", "SET search_path TO ''; SELECT 1")
    assert adapter.up(server) == ["1", "2"]
    assert adapter.down(server, None) == ["2", "1"]


def test_who_stands_in_the_way_of_a_drop_is_named(server: Server, tmp_path: Path) -> None:
    adapter = shop(
        tmp_path, "CREATE VIEW mails AS SELECT email FROM users", "ALTER TABLE users DROP COLUMN email"
    )
    adapter.up(server)
    with pytest.raises(StepFailed, match="view mails depends on column email of table users"):
        adapter.down(server, "1")


def test_a_lock_is_not_waited_for_long(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "SELECT 1", "ALTER TABLE users DROP COLUMN email", lock_timeout_s=0.1)
    adapter.up(server)
    with server.connected(autocommit=False) as reader:
        reader.execute("SELECT * FROM users")
        with pytest.raises(StepFailed, match="lock timeout") as failed:
            adapter.down(server, "1")
    assert failed.value.left == "nothing of it is left; applied now: 1, 2"


def test_copy_from_stdin_is_refused_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "INSERT INTO users VALUES (1, 'a'); COPY users FROM stdin;", "SELECT 1")
    with pytest.raises(StepFailed, match="COPY"):
        adapter.up(server)
    assert rows(server, "SELECT count(*) FROM users") == [(0,)]


@pytest.mark.both_versions
def test_indexes_are_made_and_dropped_concurrently(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "CREATE INDEX CONCURRENTLY i ON users (email)", "DROP INDEX CONCURRENTLY i")
    assert adapter.up(server) == ["1", "2"]
    assert rows(server, INDEXES) == [("i", True)]
    (step,) = adapter.plan_down(server, "1")
    assert not step.transactional
    assert adapter.down(server, "1") == ["2"]
    assert rows(server, INDEXES) == []
    assert rows(server, "SELECT obj_description('schema_migrations'::regclass)") == [(None,)]


@pytest.mark.parametrize("form", ["rows", "one_row"])
def test_an_index_that_breaks_off_is_marked_and_explained(server: Server, tmp_path: Path, form: str) -> None:
    down = "DELETE FROM users WHERE id = 3;\nCREATE UNIQUE INDEX CONCURRENTLY once ON users (email);"
    adapter = shop(tmp_path, "SELECT 1", down, new_record=form)
    adapter.up(server)
    run(
        server,
        "INSERT INTO users VALUES (1, 'a'), (2, 'a'), (3, 'c')",
        "COMMENT ON TABLE schema_migrations IS 'ours'",
    )
    with pytest.raises(StepFailed) as failed:
        adapter.down(server, "1")
    assert "line 2: CREATE UNIQUE INDEX CONCURRENTLY once" in failed.value.why
    assert failed.value.left.startswith("1 of its 2 statements ran outside a transaction and stay")
    assert "left INVALID: index once" in failed.value.left
    assert rows(server, INDEXES) == [("once", False)]
    assert adapter.status(server).dirty == "2"
    with pytest.raises(SchemaDirty, match="broke off in statement 2 of 2") as dirty:
        adapter.plan_down(server, "1")
    assert dirty.value.version == "2"
    assert rows(server, "SELECT count(*) FROM users") == [(2,)]


def test_the_mark_is_cleared_as_it_says_and_the_step_runs_again(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "SELECT 1", "CREATE UNIQUE INDEX CONCURRENTLY once ON users (email);")
    adapter.up(server)
    run(server, "INSERT INTO users VALUES (1, 'a'), (2, 'a')")
    with pytest.raises(
        StepFailed, match=r"clear it with `COMMENT ON TABLE public\.schema_migrations IS NULL`"
    ):
        adapter.down(server, "1")
    run(
        server,
        "DELETE FROM users WHERE id = 2",
        "DROP INDEX CONCURRENTLY once",
        "COMMENT ON TABLE public.schema_migrations IS NULL",
    )
    assert adapter.down(server, "1") == ["2"]


def test_pieces_with_transactions_of_their_own_run_as_they_are(server: Server, tmp_path: Path) -> None:
    down = (
        "BEGIN; INSERT INTO users VALUES (1, 'a'); COMMIT;"
        "BEGIN; INSERT INTO users VALUES (2, 'b'); SELECT no_such_function(); COMMIT;"
    )
    adapter = shop(tmp_path, "SELECT 1", down)
    adapter.up(server)
    with pytest.raises(StepFailed, match="no_such_function"):
        adapter.down(server, "1")
    assert rows(server, "SELECT id FROM users") == [(1,)]
    assert adapter.status(server).dirty == "2"
